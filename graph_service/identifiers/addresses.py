"""One spelling of a postal address, with the names of China's divisions written out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Enough for the words that addresses are made of; names of roads are left as they are written.
SIMPLIFIED = str.maketrans(
    "號棟樓層單區縣鎮鄉街東門廣蘇灣臺龍遼寧陝慶貴雲漢濟鄭長瀋島廈華業園莊橋興義達聯豐萬億陽",
    "号栋楼层单区县镇乡街东门广苏湾台龙辽宁陕庆贵云汉济郑长沈岛厦华业园庄桥兴义达联丰万亿阳",
)
NUMERALS = "零〇一二两三四五六七八九十百千"
VALUES = {one: value for value, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
PLACES = {"十": 10, "百": 100, "千": 1000}
UNITS = "单元|号|室|栋|楼|层|弄"
_NUMBERED = re.compile(rf"(?<![0-9{NUMERALS}])第*([{NUMERALS}]+)(?={UNITS})")
_ORDINAL = re.compile(rf"(?<![0-9])第+(?=[0-9]+(?:{UNITS}))")
_BUILDING = re.compile(r"号楼|[幢座]")
_ROOM = re.compile(r"(?<=[0-9])房(?![间产屋])")
_FLAT = re.compile(r"(?<=[元栋])([0-9]{3,4})$")
_SHARP = re.compile(r"(?<=[0-9])#")
_SEPARATOR = re.compile(r"[\W_]+")
# "南京路" names a road and not the city; "朝阳区" is read by its whole name or not at all.
_ROAD = re.compile(
    r"[东西南北中一二三四五六七八九十0-9]{0,2}(?:路|街|大道|大街|道|巷|弄|桥|站|区|县|市|省|镇|乡)"
)
_COUNTRY = re.compile(r"(?:中华人民共和国|中国(?!银行|电信|移动|联通|石油|石化))+")
_PEOPLES = (
    "回|哈萨克|柯尔克孜|彝|蒙古|白|朝鲜|傣|景颇|傈僳|土家|苗|壮|藏|哈尼|羌|侗|布依|维吾尔|满|"
    "瑶|黎|畲|水|仫佬|毛南|仡佬|锡伯|达斡尔|鄂温克|鄂伦春|拉祜|佤|纳西|普米|怒|独龙|布朗|撒拉|"
    "土|东乡|保安|裕固|塔吉克|京|各"
)
_OF_PEOPLES = re.compile(
    rf"(?<=..)(?:(?:{_PEOPLES})族?)*(?:特别行政区|自治区|自治州|自治县|自治旗|地区|林区|"
    r"[省市区县旗盟])$"
)
SHORT_CHARACTERS_MIN = 2
# Of the longest division's name, rounded up.
NAME_CHARACTERS_MAX = 20


@dataclass(frozen=True)
class Places:
    """Divisions by whole and by short name. counties: by province and city."""

    provinces: Mapping[str, str]
    cities: Mapping[str, Mapping[str, str]]
    counties: Mapping[tuple[str, str], Mapping[str, str]]
    # Whole names of cities and counties, with every place that has them.
    whole: Mapping[str, tuple[tuple[str, str, str], ...]]
    # Short names of cities that no county shares.
    bare: Mapping[str, tuple[str, str]]


def canonical_address(value: str) -> str:
    """The address without blanks, punctuation and choice of words. value: NFKC, casefolded.

    Divisions get their whole names and those above them where the name leaves no doubt; numbers
    before 号, 栋, 单元, 室 and the like are Arabic. Anything else stays as it is written.
    """
    text = _SHARP.sub("号", value.translate(SIMPLIFIED))
    text = _SEPARATOR.sub(_joined, text).strip("-")
    text = _ROOM.sub("室", _BUILDING.sub("栋", text))
    text = _ORDINAL.sub("", _NUMBERED.sub(_arabic, text))
    return _with_whole_names(_FLAT.sub(r"\1室", text))


def _joined(match: re.Match[str]) -> str:
    """5-2 is not 52, and `12 main` is not `1 2main`; beside a Chinese character it says nothing."""
    text = match.string
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return "-" if _is_plain(before) and _is_plain(after) else ""


def _is_plain(one: str) -> bool:
    return one.isascii() and one.isalnum()


def _arabic(match: re.Match[str]) -> str:
    numerals = match[1]
    if not any(one in PLACES for one in numerals):
        return "".join(str(VALUES[one]) for one in numerals)
    total, digit = 0, 0
    for one in numerals:
        if one in PLACES:
            total += max(digit, 1) * PLACES[one]
            digit = 0
        else:
            digit = VALUES[one]
    return str(total + digit)


def _with_whole_names(text: str) -> str:
    places = known_places()
    province, rest = _taken(places.provinces, _COUNTRY.sub("", text, count=1))
    city = county = ""
    if province:
        rest = _without(rest, province)
        # A municipality is its own only city.
        cities = places.cities[province]
        city, rest = (province, rest) if province in cities else _taken(cities, rest)
    if not city:
        province, city, county, rest = _told_by_name(places, province, rest)
    if city and not county:
        rest = _without(rest, city)
        county, rest = _taken(places.counties[province, city], rest)
    names = dict.fromkeys(one for one in (province, city, county) if one)
    return "".join([*names, rest])


def _taken(names: Mapping[str, str], text: str) -> tuple[str, str]:
    """The whole name of the division that the text begins with, and the rest; "" if none."""
    for length in range(min(NAME_CHARACTERS_MAX, len(text)), 1, -1):
        name, rest = text[:length], text[length:]
        whole = names.get(name, "")
        if whole and (whole == name or not _ROAD.match(rest)):
            return whole, rest
    return "", text


def _without(text: str, name: str) -> str:
    """The text without repetitions of this name, and without the words for no county at all."""
    same = {name: name, short_name(name): name, "市辖区": "市辖区"}
    found = name
    while found:
        found, text = _taken(same, text)
    return text


def _told_by_name(places: Places, province: str, text: str) -> tuple[str, str, str, str]:
    """Province, city and county that a name tells by itself, where only one place has it."""
    for length in range(min(NAME_CHARACTERS_MAX, len(text)), 1, -1):
        found = places.whole.get(text[:length], ())
        fitting = [one for one in found if province in ("", one[0])]
        if len(fitting) == 1:
            return (*fitting[0], text[length:])
        bare = places.bare.get(text[:length])
        if not province and bare is not None and not _ROAD.match(text[length:]):
            return (*bare, "", text[length:])
    return province, "", "", text


def short_name(whole: str) -> str:
    """The name as people say it: 广东 of 广东省, 黔南 of 黔南布依族苗族自治州."""
    return _OF_PEOPLES.sub("", whole) or whole


def _both_names(wholes: Iterator[str]) -> dict[str, str]:
    """Whole names by themselves and by their short ones, where these are of one division only."""
    names: dict[str, str] = {}
    shorts: dict[str, list[str]] = {}
    for whole in wholes:
        names[whole] = whole
        shorts.setdefault(short_name(whole), []).append(whole)
    for short, named in shorts.items():
        if len(named) == 1 and len(short) >= SHORT_CHARACTERS_MIN:
            names.setdefault(short, named[0])
    return names


@cache
def known_places() -> Places:
    """The divisions of the file beside this one. Cost: some ms, once."""
    table: dict[str, dict[str, list[str]]] = {}
    text = files("graph_service.identifiers").joinpath("places.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        province, city, *counties = line.split(" ")
        table.setdefault(province, {})[city] = counties
    whole: dict[str, list[tuple[str, str, str]]] = {}
    for province, cities in table.items():
        for city, counties in cities.items():
            whole.setdefault(city, []).append((province, city, ""))
            for county in counties:
                if county != city:
                    whole.setdefault(county, []).append((province, city, county))
    return Places(
        provinces=_both_names(iter(table)),
        cities={province: _both_names(iter(cities)) for province, cities in table.items()},
        counties={
            (province, city): _both_names(iter(counties))
            for province, cities in table.items()
            for city, counties in cities.items()
        },
        whole={name: tuple(found) for name, found in whole.items()},
        bare=_bare(table),
    )


def _bare(table: Mapping[str, Mapping[str, list[str]]]) -> dict[str, tuple[str, str]]:
    shared = {
        short_name(county)
        for cities in table.values()
        for counties in cities.values()
        for county in counties
    }
    found: dict[str, list[tuple[str, str]]] = {}
    for province, cities in table.items():
        for city in cities:
            found.setdefault(short_name(city), []).append((province, city))
    return {
        short: named[0]
        for short, named in found.items()
        if len(named) == 1 and len(short) >= SHORT_CHARACTERS_MIN and short not in shared
    }
