"""The normal form of a value: what is hashed, so that equal things have one token."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping

import phonenumbers

from graph_service.identifiers.addresses import canonical_address

# Whose numbers are written without a country code.
REGION = "CN"
IPV6_PREFIX_BITS = 64
# NAT64 (RFC 6052): the last 32 bits are an IPv4 address.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
CARD_DIGITS = range(12, 20)
DEVICE_DIGITS_MIN = 12
# What apps and systems say where they may not or cannot tell the device.
NO_DEVICE = frozenset(
    {
        *("", "-", "0", "null", "none", "nil", "nan", "n/a", "unknown", "undefined", "default"),
        # IMEIs and a serial number that whole series of devices have, and the ANDROID_ID that
        # every phone of one maker had (Android issue 10603).
        *("004999010640000", "012345678912345", "123456789012345", "0123456789abcdef"),
        "9774d56d682e549c",
        # What Android 6 and later answer in place of a hardware address.
        "020000000000",
    }
)
# What is masked, as 138****8000, is many people's.
_MASKED = re.compile(r"[*\u00d7\u2022\u25cf]{2,}")
_PHONE = re.compile(r"\+?[0-9]{3,}")
_PHONE_SEPARATORS = re.compile(r"[\s().\-/\u00b7\u2010-\u2015\u2212]+")
# A mobile number of China; asked before the library, which knows fewer of them and is slow.
_MOBILE = re.compile(r"(?:\+?86|0086)?0?(1[3-9][0-9]{9})")
_DEVICE_SEPARATORS = re.compile(r"[\s{}:.\-/_]+")
_HEX = re.compile(r"[0-9a-f]+")
_PORT = re.compile(r"(?<=[0-9\]]):[0-9]{1,5}$")


def normal_form(kind: str, value: str) -> str | None:
    """The one spelling of all that mean the same; None of what tells nobody from anybody else.

    Never fails: a value that is not what its kind says has the plain form, NFKC without blanks
    around it and without upper case (a union id keeps its case).
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if kind == "union":
        return text or None
    # Folding may bring forth what is composed otherwise; twice is enough (Unicode, D145).
    plain = unicodedata.normalize("NFKC", text.casefold()).strip()
    if not plain or _MASKED.search(plain):
        return None
    form = FORMS.get(kind)
    return plain if form is None else form(plain)


def phone(plain: str) -> str | None:
    """A number of any country in the form of E.164."""
    number = _PHONE_SEPARATORS.sub("", plain.removeprefix("tel:"))
    mobile = _MOBILE.fullmatch(number)
    if mobile is not None:
        return f"+86{mobile[1]}"
    if not _PHONE.fullmatch(number):
        return plain
    if not number.strip("+0"):
        return None
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return plain
    if not phonenumbers.is_valid_number(parsed):
        return plain
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def ip(plain: str) -> str | None:
    """An IPv4 address, or the network of 64 bits that an IPv6 address is of."""
    bare = plain if plain.count(":") > 1 and "[" not in plain else _PORT.sub("", plain)
    bare = bare.strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_interface(bare)
    except ValueError:
        return plain
    address = found.ip
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped
        if inside is None and address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        address = inside or address
    if address.is_unspecified or address.is_loopback or address.is_link_local:
        return None
    bits = found.network.prefixlen
    if isinstance(address, ipaddress.IPv4Address):
        return str(address) if bits == found.max_prefixlen else plain
    if bits < IPV6_PREFIX_BITS:
        return plain
    return str(ipaddress.ip_network((address, IPV6_PREFIX_BITS), strict=False))


def address(plain: str) -> str | None:
    """A postal address as `canonical_address` spells it."""
    return canonical_address(plain) or plain


def device(plain: str) -> str | None:
    """An id of a device; UUIDs, hardware addresses and IMEIs without what stands between digits."""
    bare = _DEVICE_SEPARATORS.sub("", plain.removeprefix("urn:uuid:"))
    is_number = len(bare) >= DEVICE_DIGITS_MIN and _HEX.fullmatch(bare) is not None
    form = bare if is_number else plain
    is_nobodys = form in NO_DEVICE or (bare != "" and not bare.strip("0"))
    if is_nobodys or (is_number and len(set(form)) == 1):
        return None
    return form


def payment(plain: str) -> str | None:
    """A means of payment; of a card number its digits."""
    bare = re.sub(r"[\s\-]+", "", plain)
    is_card = bare.isascii() and bare.isdigit() and len(bare) in CARD_DIGITS
    if is_card:
        return bare if bare.strip("0") else None
    return plain


FORMS: Mapping[str, Callable[[str], str | None]] = {
    "phone": phone,
    "ip": ip,
    "address": address,
    "device": device,
    "payment": payment,
}
