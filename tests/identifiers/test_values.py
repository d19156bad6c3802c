"""Spellings that mean the same have one form, and others have others."""

import ipaddress
import string
import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.identifiers.values import normal_form

KINDS = ("device", "ip", "address", "payment", "phone", "union")
# kind, form, spellings
GOLDEN = [
    (
        "phone",
        "+8613800138000",
        """13800138000|+86 138 0013 8000|0086-138-0013-8000|86 13800138000|(+86)138-0013-8000
        １３８００１３８０００|＋８６ 138 0013 8000|013800138000|tel:+8613800138000""",
    ),
    ("phone", "+861088886666", "010-8888 6666|(010) 88886666|+86 10 8888 6666|861088886666"),
    ("phone", "+16502530000", "+1 650-253-0000|+1 (650) 253 0000|001 650 253 0000"),
    ("phone", "12345", "12345| 12345 "),
    ("phone", "no number", "no number|No Number"),
    ("ip", "198.51.100.7", "198.51.100.7|::ffff:198.51.100.7|198.51.100.7:8443|::FFFF:C633:6407"),
    ("ip", "198.51.100.7", "64:ff9b::198.51.100.7|198.51.100.7/32"),
    ("ip", "2001:db8:0:1::/64", "2001:db8:0:1::5|2001:0DB8:0:1:9:9:9:9|[2001:db8:0:1::6]:443"),
    ("ip", "010.0.0.1", "010.0.0.1"),
    ("ip", "198.51.100.0/24", "198.51.100.0/24"),
    (
        "device",
        "6d92078a82464ba4ae5b76104861e7dc",
        """6D92078A-8246-4BA4-AE5B-76104861E7DC|6d92078a82464ba4ae5b76104861e7dc
        {6D92078A-8246-4BA4-AE5B-76104861E7DC}|urn:uuid:6d92078a-8246-4ba4-ae5b-76104861e7dc""",
    ),
    ("device", "352099001761481", "35-209900-176148-1|352099001761481|35 209900 176148 1"),
    ("device", "3c22fb0a1b2c", "3C:22:FB:0A:1B:2C|3c-22-fb-0a-1b-2c|3c22.fb0a.1b2c"),
    ("device", "device-4", "device-4|Device-4"),
    ("payment", "6222021234567890123", "6222 0212 3456 7890 123|6222-0212-3456-7890-123"),
    ("payment", "wang.fang@example.com", "Wang.Fang@example.com|wang.fang@example.com "),
    ("union", "oUnion-A", "oUnion-A| oUnion-A|ｏUnion-A"),
    ("union", "ounion-a", "ounion-a"),
]
NOBODYS = [
    ("device", "00000000-0000-0000-0000-000000000000"),
    ("device", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
    ("device", "02:00:00:00:00:00"),
    ("device", "9774D56D682E549C"),
    ("device", "Unknown"),
    ("device", "0"),
    ("device", "000000000000000"),
    ("phone", "138****8000"),
    ("phone", "000 0000 0000"),
    ("payment", "6222 02** **** 0123"),
    ("payment", "0000 0000 0000 0000"),
    ("address", "北京市朝阳区****"),
    ("ip", "0.0.0.0"),
    ("ip", "127.0.0.1"),
    ("ip", "::1"),
    ("ip", "::ffff:127.0.0.1"),
    ("ip", "fe80::1%eth0"),
    *((kind, " \t") for kind in KINDS),
]


@pytest.mark.parametrize(("kind", "form", "spellings"), GOLDEN)
def test_all_spellings_have_the_form(kind: str, form: str, spellings: str) -> None:
    # Blanks at the ends of a line of the table are not part of the value.
    values = [one for line in spellings.splitlines() for one in line.lstrip().split("|")]

    forms = {normal_form(kind, value) for value in values}

    assert forms == {form}


@pytest.mark.parametrize(("kind", "value"), NOBODYS)
def test_a_value_that_many_have_is_nobodys(kind: str, value: str) -> None:
    assert normal_form(kind, value) is None


@given(st.sampled_from(KINDS), st.text(max_size=60))
def test_a_form_is_its_own_form_whatever_was_sent(kind: str, value: str) -> None:
    form = normal_form(kind, value)

    assert form is None or normal_form(kind, form) == form


@given(st.sampled_from(KINDS), st.text(alphabet="0123456789+-:./()[]%ab号栋室一十 　", max_size=30))
def test_a_form_of_what_looks_like_a_value_is_its_own_form(kind: str, value: str) -> None:
    form = normal_form(kind, value)

    assert form is None or normal_form(kind, form) == form


MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True, alphabet=string.digits + "")
BEFORE = st.sampled_from(["", "+86", "0086", "86", "+86 ", "(+86)", "0086-", "+86-", "0"])
BETWEEN = st.sampled_from(["", " ", "-", ".", "　", "\u2013"])
WIDE = str.maketrans(string.digits + "+", "０１２３４５６７８９＋")


@given(MOBILES, BEFORE, BETWEEN, st.booleans())
def test_a_mobile_number_is_one_in_every_spelling(
    number: str, before: str, between: str, wide: bool
) -> None:
    spelled = f"{before}{number[:3]}{between}{number[3:7]}{between}{number[7:]}"

    assert normal_form("phone", spelled.translate(WIDE) if wide else spelled) == f"+86{number}"


@given(st.tuples(MOBILES, MOBILES).filter(lambda pair: pair[0] != pair[1]))
def test_two_mobile_numbers_stay_two(pair: tuple[str, str]) -> None:
    assert normal_form("phone", pair[0]) != normal_form("phone", pair[1])


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_itself_also_inside_ipv6(address: ipaddress.IPv4Address) -> None:
    forms = {normal_form("ip", text) for text in (str(address), f"::ffff:{address}")}

    local = address.is_unspecified or address.is_loopback or address.is_link_local
    assert forms == {None if local else str(address)}


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_an_ipv6_address_is_its_network(address: ipaddress.IPv6Address, host: int) -> None:
    other = ipaddress.IPv6Address(int(address) >> 64 << 64 | host)
    # Mapped and translated addresses, the loopback and the unspecified one are no networks.
    inside = int(address) >> 64 in (0, 0x64FF9B << 32)

    same = normal_form("ip", str(address)) == normal_form("ip", other.exploded.upper())

    assert same or inside or address.is_link_local


@given(st.uuids(), st.uuids())
def test_devices_are_one_without_dashes_and_two_where_they_differ(
    one: uuid.UUID, other: uuid.UUID
) -> None:
    spelled = {normal_form("device", text) for text in (str(one), one.hex.upper(), f"{{{one}}}")}

    assert spelled == {one.hex} or spelled == {None}
    assert (normal_form("device", str(other)) in spelled) == (one == other)


@given(st.text(max_size=40).filter(lambda text: "*" not in text))
def test_what_is_no_card_has_the_form_it_always_had(value: str) -> None:
    plain = unicodedata.normalize("NFKC", value).strip().casefold()

    form = normal_form("payment", value)

    if plain.isascii() and not any(one.isdigit() for one in plain):
        assert form == (plain or None)
