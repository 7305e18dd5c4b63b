"""The words of release names that say where a title ends.

All patterns read a flat name: spaces where the name has dots and underscores.
"""

from __future__ import annotations

import re
from typing import Final

RESOLUTION: Final = (
    r"m?(?:240|288|352|360|368|404|406|408|432|480|540|544|576|720|900|960|1080|1440|2160|4320)"
    r"[pi](?:x?(?:24|25|30|48|50|60|120))?|"
    r"(?:720|1080|2160)(?=[ \-](?:x|h ?)26[45])|\d{3,4}(?:x| ?[×*] ?)\d{3,4}|4k(?:to1080p)?|1o8op"
)
BLURAY: Final = (
    r"(?:m|u?hd|3d|f)?blue?[ \-]?ray(?:[ \-]?(?:rip|scr))?(?:\d{3,4}p)?|m?uhd2?bd(?:rip)?|"
    r"(?:uhd|3d)?bd[ \-]?(?:rip|mux|light|re-?mux|iso|full|scr|25|50|66|100)|bd(?:720|1080|2160)p|"
    r"br[ \-]?(?:rip|mux|disk)|bdr|hd[ \-]?dvd(?:rip)?|uhdremux\w*|uhd-?rip|bd3d|"
    r"(?:4k|hd|uhd)-?light|m(?:icro)?-?hd|muhd|bdmv|full ?hd(?= (?:blu|web|rip))|full (?=blu)"
)
WEB: Final = (
    r"web[ \-]?(?:dl|hd|rip|mux|cap|scr)(?:[ \-]?(?:rip|mux))?(?:-?\d{3,4}p)?|wbb?rip|"
    r"web[ \-]?hd[ \-]?rip|webtv|dlmux|vod-?rip"
)
TV: Final = (
    r"a?u?hdtv(?:rip)?(?:-?\d{3,4}p)?|htdv(?:-?\d{3,4}p)?|(?:hr )?(?:ws )?[ps]dtv(?:rip)?|dsr(?:ip)?|sat-?rip|"
    r"tv-?rip|dvb(?:[ \-]?[cst]2?)?(?:-?rip)?|(?:pre-?)?hd-?rip|dth-?rip|vhs-?rip|ld-?rip|ppv-?rip|"
    r"iptv(?:rip)?|ahdtv|stv-?rip"
)
DVD: Final = (
    r"\d?x?dvd[ \-]?(?:rip|r\d?|scr(?:eener)?|mux|full|5|9)|mdvdr|xvidvd|p-?dvd(?:rip)?|pre-?dvd(?:rip)?|"
    r"(?:ntsc|pal)(?= (?:\d?x?dvd|mdvdr))"
)
CAM: Final = (
    r"(?:hd|hq|new)-?cam(?:-?ri?p)?|cam-?ri?p|(?:hd|hq)?-?telesynch?|h[dq]-?t[sc](?:rip)?|t[sc]-?rip|"
    r"t[sc](?:720|1080)p|(?:hd)?-?telecine|s-print|hd-?scr"
)
CODEC: Final = (
    r"x ?-?26[3456]m?|h ?-?26[3456]|hevc(?:10)?|av1|vp9|xvid(?:hd)?|divx|vc-1|vvc|mpeg-?[24]|(?:8|10|12)[ \-]?bits?|"
    r"hi10p"
)
AUDIO: Final = (
    r"dts(?:[ \-:]?(?:hd|es|hdma|hra|x))*|true-?hd|e?-?ac-?3d?|dd(?:pa?|\+)?[ \-]?[12567] ?[01]|ddpa?|"
    r"(?:he-?|lc-?)?aac(?:[12567] ?[01])?|flac|lpcm"
)
SCENE: Final = (
    r"complete[ \-](?:uhd[ \-])?bluray|truefrench|vostfr|subfrench|subforced|readnfo|nfofix|"
    r"dirfix|nfofix|prooffix|samplefix|syncfix|audiofix|hdr10(?:\+|p(?:lus)?)?|dovi|hdr(?= (?:dv|10|2160p|hevc))|"
    r"dual[ \-][aá]udio|multi[ \-]?subs?|e-?subs?|msubs?|(?:kor|swe|dan|fin|nor|pl|nl|ro|ita|eng?|ger)-?sub(?:s|bed)?"
)

FIRM: Final = re.compile(
    rf"(?<![^\W_])(?:{RESOLUTION}|{BLURAY}|{WEB}|{TV}|{DVD}|{CAM}|{CODEC}|{AUDIO}|{SCENE})(?![^\W_])",
    re.IGNORECASE,
)
"""Words that no title holds: a title ends before the first of them."""

LOOSE: Final = re.compile(
    r"(?<![^\W_])(?:(?-i:WEB|Web(?=\])|TS|TC|BD|WP|CAM|DVD|UHD|AVC|NTSC|PAL|HQ)|dvd(?=[\])])|"
    r"remux|hybrid|screener|scr|workprint|uhd(?= \d)|\d?xdvd|(?:amazon|itunes|netflix|maxdome|hbomax|disney)u?[hs]d|r[3-6](?= |$)|vhs|laserdisc|ppv|4k\d\d|"
    r"(?:the )?complete(?= (?:bd|pal|ntsc|dvd|series|collection|\d))|hd[ \-]tv|sd[ \-](?:tv|dvd)|opus(?= \d)|"
    r"8k|avi$|imax edition|xvid|hc|nordic|multi|dubbed|dublado|proper|repack\d?|rerip|internal|"
    r"docu|stv|limited|bt ?2020|hdr|sdr|web(?= dl)|iso$)(?![^\W_])",
    re.IGNORECASE,
)
"""Words that a title may hold, but that end it when no year and no firm word comes first."""

YEAR: Final = re.compile(
    r"(?<![^\W_])(?<!\bBT )(18[89]\d|19\d\d|20\d\d)(?:v\d)?(?![^\W_])(?! ?[x×] ?\d)", re.ASCII
)
DATE: Final = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([ \-/])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])|"
    r"\d{2}([\-/])\d{2}\2(?:19|20)\d\d|\d{1,2}(?:st|nd|rd|th) [a-z]{3,9} (?:19|20)\d\d)(?![^\W_])",
    re.IGNORECASE,
)
"""A whole date, which only broadcasts carry."""

_SEASON_WORD: Final = r"(?:season|saison|staffel|stagion[ei]|temporada|sezon|сезон|seizoen|säsong|sæson|kausi|évad|evad)"
_EPISODE_WORD: Final = r"b[öo]l[üu]m|сери[яий]|sorozat|odc(?:inek)?"
EPISODE: Final = re.compile(
    r"(?<![^\W_])(?:s\d{1,4}(?:[ \-]?e\d{1,4})*(?:[ \-]*e?\d{1,3})?|s\d{1,2} ?e\d{1,3}|"
    rf"(?<!\d)\d{{1,2}}x\d{{2,3}}|s\d{{1,2}} ?ep ?\(?\d{{1,3}}|"
    # "Open Season 3 2010" is a movie.
    r"seasons?[ :]*\d{1,2}(?! ?[(\[]?(?:19|20)\d\d)|"
    rf"(?!season){_SEASON_WORD}s?[ :]*\d{{1,2}}|"
    rf"\d{{1,2}} ?{_SEASON_WORD}|\d{{1,3}} (?:{_EPISODE_WORD})|\d+ из \d+)(?![^\W_])|"
    # Words run together: "SomeShowS01E02ItsTitle".
    r"(?<=[a-z])(?-i:S\d{2}(?:E\d{2})?(?=[A-Z\d]))",
    re.IGNORECASE,
)
