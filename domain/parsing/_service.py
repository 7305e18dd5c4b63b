"""Reads which streaming service a release was taken from.

Services stand before the word WEB as codes that groups agreed on. Short codes are words, too, so
they count only as they are always written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_CODES: Final[Mapping[str, str]] = {
    "Abema": r"abema",
    "ADN": r"(?-i:ADN)",
    "All 4": r"all4|(?-i:4OD)",
    "Amazon": r"amzn|amazon(?:u?hd)?",
    "Apple TV+": r"atvp?|aptv|apple ?tv\+?",
    "BBC iPlayer": r"iplayer|(?-i:iP)",
    "Bilibili": r"bilibili|b-global",
    "Binge": r"bnge",
    "Blutv": r"blutv",
    "Bravia Core": r"bcore",
    "Canal+": r"(?-i:CNLP|CANAL\+)",
    "CBC": r"(?-i:CBC)",
    "Comedy Central": r"(?-i:CC)",
    "Crackle": r"crkl",
    "Crave": r"crav(?:e)?",
    "Criterion": r"(?-i:CRiT|CRIT)",
    "Crunchyroll": r"(?-i:CR)|crunchyroll",
    "Curiosity Stream": r"(?-i:CUR)",
    "DC Universe": r"(?-i:DCU)",
    "Discovery+": r"dscp",
    "Disney+": r"dsnp|disney\+?|(?-i:DSNY)",
    "Epix": r"epix",
    "Facebook": r"fbwatch",
    "Fandango": r"fandango",
    "Filmin": r"filmin",
    "Funimation": r"funi",
    "HBO": r"(?-i:HBO)",
    "HBO Max": r"hmax|hbom(?:ax)?",
    "HIDIVE": r"hidive|(?-i:HIDI)",
    "Hotstar": r"hotstar|htsr|(?-i:HS)|jiohs|jhs",
    "Hulu": r"hulu",
    "iQIYI": r"iqiyi|(?-i:iQ|IQ)",
    "iTunes": r"itunes(?:u?hd)?|(?-i:iT|IT)",
    "ITVX": r"itvx|(?-i:ITV)",
    "JioCinema": r"jiocinema|(?-i:JC)",
    "Kanopy": r"knpy",
    "Max": r"(?-i:MAX)",
    "Movies Anywhere": r"(?-i:MA)",
    "MUBI": r"mubi",
    "My5": r"my5",
    "Netflix": r"(?-i:NF)|netflix(?:u?hd)?",
    "NOW": r"(?-i:NOW)",
    "OSN+": r"osnp?",
    "Paramount+": r"pmtp|pmnt",
    "Peacock": r"pcok",
    "Pluto TV": r"plutotv|pltv",
    "Quibi": r"qibi",
    "RakutenTV": r"rktn|rakuten",
    "Roku": r"roku",
    "Showtime": r"(?-i:SHO)",
    "Shudder": r"shdr|shudder|(?-i:SHD)",
    "SkyShowtime": r"skst",
    "Sony LIV": r"sonyliv|(?-i:SONY|SLIV)",
    "Stan": r"(?-i:STAN)",
    "Starz": r"starz|strz",
    "STARZPLAY": r"starzplay|(?-i:SPLAY)",
    "Tubi": r"tubi",
    "TVNZ": r"tvnz",
    "Viaplay": r"(?-i:VIAP|VP)",
    "Videoland": r"vdl|videoland",
    "Viki": r"viki",
    "Vudu": r"vudu",
    "WeTV": r"wetv",
    "YouTube": r"(?-i:YT|RED)|youtube",
    "ZEE5": r"zee5",
}
SERVICE: Final = re.compile(
    "(?<![^\\W_])(?:"
    + "|".join(f"({pattern})" for pattern in _CODES.values())
    # "AMZN 1080p WEB-DL": another word or two may stand between.
    + r")(?=[ \-](?:[^\s]{1,10} ){0,2}?(?:web|dlmux))",
    re.IGNORECASE,
)
_NAMES: Final = tuple(_CODES)


def read_service(tail: str) -> str | None:
    """Return the streaming service that the part of a flat name after its title names."""
    found = SERVICE.search(tail)
    if found is None:
        return None
    return next(name for name, text in zip(_NAMES, found.groups(), strict=True) if text)
