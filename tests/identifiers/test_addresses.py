"""A flat has one address, however it is written; the flat beside it has another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.identifiers.addresses import canonical_address, known_places, short_name
from graph_service.identifiers.values import normal_form

GOLDEN = {
    "北京市朝阳区建国路88号3栋2单元501室": """北京市朝阳区建国路88号3栋2单元501室
        北京朝阳建国路88号 3座 2单元501
        中国 北京市北京市朝阳区建国路８８號，3号楼二单元501房
        北京市市辖区朝阳区建国路八十八号三幢第二单元五〇一室
        北京市 朝陽區 建国路88号-3栋-2单元-501室""",
    "广东省深圳市南山区科技园1号": """广东省深圳市南山区科技园1号
        深圳市南山区科技园1号
        深圳南山科技园一号
        广东深圳市南山科技园1号
        廣東省 深圳市 南山區 科技园 1 號""",
    "江苏省苏州市昆山市前进路5-2-301": """昆山市前进路5-2-301
        江苏省昆山市前进路5－2－301
        江苏苏州昆山前进路5 2 301""",
    "贵州省黔南布依族苗族自治州都匀市民族路2号": """贵州黔南都匀民族路2号
        贵州省黔南布依族苗族自治州都匀市民族路二号""",
    "新疆维吾尔自治区乌鲁木齐市天山区人民路1号": """新疆乌鲁木齐天山区人民路1号
        新疆维吾尔自治区乌鲁木齐市天山区人民路1号""",
    "吉林省吉林市昌邑区解放路3号": """吉林市昌邑区解放路3号
        吉林省吉林市昌邑解放路3号""",
    "上海市黄浦区南京东路100号": """上海市黄浦区南京东路100号
        上海黄浦南京东路100号""",
    "上海市南京东路100号": "上海南京东路100号",
    "南京路1号": "南京路 1号",
    "北京路12号": "北京路12号",
    "中山路五四街3号": "中山路五四街三号",
    "12-main-st-apt-4": "12 Main St., Apt 4",
}
ROADS = st.sampled_from(["建国路", "南京东路", "解放大道", "五四街", "中山一路", "人民巷"])
NUMBERS = st.integers(1, 999)


@pytest.mark.parametrize("form", GOLDEN)
def test_all_spellings_have_the_form(form: str) -> None:
    forms = {normal_form("address", one.strip()) for one in GOLDEN[form].splitlines()}

    assert forms == {form}


@st.composite
def addresses(draw: st.DrawFn) -> tuple[str, str]:
    """An address written out, and the same in short words."""
    province = draw(st.sampled_from(sorted(known_places().cities)))
    city = draw(st.sampled_from(sorted(set(known_places().cities[province].values()))))
    counties = sorted(set(known_places().counties[province, city].values()))
    county = draw(st.sampled_from(counties)) if counties else ""
    road, number, flat = draw(ROADS), draw(NUMBERS), draw(NUMBERS)
    whole = "".join(dict.fromkeys([province, city, county]))
    return f"{whole}{road}{number}号{flat}室", f"{whole} {road}，{number} 號 {flat}房"


@given(addresses())
def test_an_address_written_out_is_its_own_form(pair: tuple[str, str]) -> None:
    form = canonical_address(pair[0])

    assert form == canonical_address(pair[1]) == canonical_address(form)


@given(addresses(), addresses())
def test_two_addresses_stay_two(one: tuple[str, str], other: tuple[str, str]) -> None:
    same = canonical_address(one[0]) == canonical_address(other[0])

    assert same == (one[0] == other[0])


@given(
    st.lists(
        st.sampled_from(
            [*"北京市朝阳区深圳南山县省号第一十百2-5#房室栋幢 路街中国a"],
        ),
        max_size=14,
    )
)
def test_the_form_of_pieces_of_addresses_is_its_own_form(pieces: list[str]) -> None:
    form = normal_form("address", "".join(pieces))

    assert form is None or normal_form("address", form) == form


@pytest.mark.parametrize(
    ("one", "other"), [("5-2号", "52号"), ("5第3号", "53号"), ("1-12", "11-2")]
)
def test_numbers_do_not_run_together(one: str, other: str) -> None:
    assert canonical_address(one) != canonical_address(other)


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ("广东省", "广东"),
        ("广西壮族自治区", "广西"),
        ("黔南布依族苗族自治州", "黔南"),
        ("西双版纳傣族自治州", "西双版纳"),
        ("香港特别行政区", "香港"),
        ("锡林郭勒盟", "锡林郭勒"),
        ("海西蒙古族藏族自治州", "海西"),
        ("沙市区", "沙市"),
    ],
)
def test_the_short_name_is_what_people_say(whole: str, short: str) -> None:
    assert short_name(whole) == short
