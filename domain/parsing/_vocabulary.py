"""The words of release names that say where a title ends.

All patterns read a flat name: spaces where the name has dots and underscores.
"""

from __future__ import annotations

import re
from typing import Final

RESOLUTION: Final = (
    r"m?(?:360|480|540|576|720|900|960|1080|1440|2160|4320)[pi](?:x?(?:25|30|50|60))?|"
    r"(?:720|1080|2160)(?=[ \-](?:x|h ?)26[45])|\d{3,4}x\d{3,4}|4k(?:to1080p)?|1o8op"
)
BLURAY: Final = (
    r"(?:m|u?hd|3d|f)?blue?[ \-]?ray(?:[ \-]?(?:rip|scr))?(?:\d{3,4}p)?|m?uhd2?bd(?:rip)?|"
    r"(?:uhd|3d)?bd[ \-]?(?:rip|mux|light|re-?mux|iso|full|scr|25|50|66|100)|bd(?:720|1080|2160)p|"
    r"br[ \-]?(?:rip|mux|disk)|bdr|hd[ \-]?dvd(?:rip)?|uhdremux\w*|hdlight|micro-?hd|muhd"
)
WEB: Final = (
    r"web[ \-]?(?:dl|hd|rip|mux|cap|scr)(?:[ \-]?(?:rip|mux))?(?:-?\d{3,4}p)?|wbb?rip|"
    r"web[ \-]?hd[ \-]?rip|dlmux"
)
TV: Final = (
    r"a?u?hdtv(?:rip)?(?:-?\d{3,4}p)?|htdv(?:-?\d{3,4}p)?|(?:hr )?(?:ws )?[ps]dtv(?:rip)?|dsr(?:ip)?|sat-?rip|"
    r"tv-?rip|dvb(?:rip)?|hd-?rip|dth-?rip|vhs-?rip|ld-?rip|vod-?rip"
)
DVD: Final = (
    r"\d?x?dvd[ \-]?(?:rip|r\d?|scr|mux|full|5|9)|mdvdr|xvidvd|pre-?dvd(?:rip)?|"
    r"(?:ntsc|pal)(?= (?:\d?x?dvd|mdvdr))"
)
CAM: Final = (
    r"(?:hd|hq|new)-?cam(?:-?rip)?|cam-?rip|(?:hd)?telesync?h?|hd-?t[sc](?:rip)?|ts-?rip|"
    r"tc(?:720|1080)p|(?:hd)?telecine"
)
CODEC: Final = (
    r"x ?26[3456]m?|h ?-?26[456]|hevc(?:10)?|av1|vp9|xvid|divx|vc-1|mpeg-?2|(?:8|10|12)[ \-]?bits?"
)
AUDIO: Final = (
    r"dts(?:[ \-]?(?:hd|es|hdma|hra))*|true-?hd|e?-?ac-?3d?|dd[p+]?[ \-]?[257] ?[01]|ddp|"
    r"aac(?:[257] ?[01])?|flac|lpcm"
)
SCENE: Final = (
    r"complete[ \-](?:uhd[ \-])?bluray|truefrench|vostfr|subfrench|subforced|readnfo|nfofix|"
    r"dirfix|prooffix|hdr10(?:\+|plus)?|dovi|dual[ \-]audio|multi[ \-]?subs?|e-?subs?|msubs?"
)

FIRM: Final = re.compile(
    rf"(?<![^\W_])(?:{RESOLUTION}|{BLURAY}|{WEB}|{TV}|{DVD}|{CAM}|{CODEC}|{AUDIO}|{SCENE})(?![^\W_])",
    re.IGNORECASE,
)
"""Words that no title holds: a title ends before the first of them."""

LOOSE: Final = re.compile(
    r"(?<![^\W_])(?:(?-i:WEB|Web(?=\])|TS|TC|BD|WP|CAM|DVD|UHD|AVC|NTSC|PAL|HQ)|dvd(?=[\])])|"
    r"remux|hybrid|screener|scr|workprint|uhd(?= \d)|\dxdvd|r[3-6](?= |$)|vhs|ppv|4k\d\d|"
    r"(?:the )?complete(?= (?:bd|pal|ntsc|dvd|series|collection|\d))|hd tv|sd[ \-](?:tv|dvd)|opus(?= \d)|"
    r"avi$|imax edition|xvid|hc|nordic|multi|dubbed|dublado|proper|repack\d?|rerip|internal|"
    r"docu|stv|limited|bt ?2020|hdr|sdr|web(?= dl)|iso$)(?![^\W_])",
    re.IGNORECASE,
)
"""Words that a title may hold, but that end it when no year and no firm word comes first."""

YEAR: Final = re.compile(
    r"(?<![^\W_])(?<!\bBT )(18[89]\d|19\d\d|20\d\d)(?:v\d)?(?![^\W_])(?! ?[x×] ?\d)", re.ASCII
)
EPISODE: Final = re.compile(
    r"(?<![^\W_])(?:s\d{1,4}(?:[ \-]?e\d{1,4})*(?:[ \-]*e?\d{1,3})?|s\d{1,2} ?e\d{1,3}|"
    r"(?<!\d)\d{1,2}x\d{2,3}|season \d{1,2}|seasons? \d+ ?-)(?![^\W_])",
    re.IGNORECASE,
)
