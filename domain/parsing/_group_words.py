"""The words around a group that are none."""

from __future__ import annotations

import re
from typing import Final

from reeld.domain.parsing._language_words import LANGUAGE_WORDS
from reeld.domain.parsing._vocabulary import EPISODE, FIRM, LOOSE, YEAR

_SUBTITLED: Final = (
    r"dk|da|dan|se|swe|fi|fin|no|nor|nl|pl|ro|cz|sk|hu|hun|eng?|e|multi|m|kor|chs|cht|ita|it|esp?|spa|"
    r"fr|fre|vo|gr|ger|de|bg|tr|rus?|pt|br|heb|ara?|jap|chi|viet|nordic"
)
TAG: Final = re.compile(
    rf"(?:{FIRM.pattern})|(?:{LOOSE.pattern})|(?:{YEAR.pattern})|(?:{EPISODE.pattern})|"
    rf"(?<![^\W_])(?:{LANGUAGE_WORDS}|[1-9] ?ch|[125679] ?[0-2]|\d{{2,4}}[km]bps|\d+ ?[mg]b|"
    r"ma ?\d ?\d|ma|x|dts-?x(?: ?\d ?\d)?|dd|ddex|dd-ex|dl|ml|ld|md|dv|sdr|hdr\w*|hevc|aac|ac3|eac3|opus|mp[34]|"
    r"atmos(?: ?\d ?\d)?|(?-i:EN|LV|ES|DE|IT|FR|PL|RU|CAT)|truehd|flac|audio|line|extras|lame\S*|dxva|int|extended|uncut|unrated|dc|"
    r"directors?|cut|subs?|sub|esub|multisubs?|anniversary|edition|hc|hq|hdc|sbs|hsbs|hou|"
    r"mkv|mp4|avi|webm|amzn|nf|hmax|dsnp|atvp?|hulu|pcok|itunes|it|crf\d+|by|rip|dvd|bd|web|ts|"
    r"disc|dual|softsubs?|docu|festival|untouched|true|bt\d{3,4}|bit|sd|hd|tv|plus|\d{2}bits?|"
    r"latin|subtitles?|exclusive|vvc|dubbing|lektor|napisy\w*|(?:ai-?)?upscaled?|avchd|wav|l?pcm|complet[ao]|retail|forced|sdh|mono|stereo|"
    r"hdr|hlg|pq|vision|nordic|re-?master(?:ed)?|imax|\d{2,3}fps|commentary|proof|remux|"
    rf"(?:{_SUBTITLED})-?sub(?:s|bed)?)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
STREAM: Final = (
    r"(?:ma|[xh][ .]?-?26[3-6]m?|xvid|divx|hevc|avc|av1|vvc|vc-1|vp9|e?-?ac-?3|aac(?:[ .]?\d[ .]\d)?|flac|"
    r"\d[ .]\d|atmos|dts|mp3|remux|rip|dvdr|dvd[59]|web|bluray|hdtv|\d{3,4}p)"
)
PARTS_OF_WORDS: Final = re.compile(
    r"(?:dl(?:rip|mux)?|hdrip|mp3|aac|ac3|flac|dts|opus|mkv|mp4|avi|pal|ntsc|rip|ray|hd|hdma|ma|es|x|\d{1,2}|\d{3,4}[pi]|dvd|subs?|audio|remux|tv|ts|\d[ .]\d|h?26[45])",
    re.IGNORECASE,
)
