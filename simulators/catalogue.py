"""Movies that anybody may copy, with the facts that TMDB and IMDb know about them.

The short films of the Blender Foundation are under Creative Commons licences; the others are in the public domain in
the United States.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre and TMDB's number for it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Movies that belong together, and TMDB's number for them."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Film:
    """One movie as TMDB knows it."""

    tmdb_id: int
    imdb_id: str
    title: str
    released: date
    runtime: int
    """Minutes."""
    overview: str
    genres: tuple[Genre, ...]
    language: str = "en"
    original_title: str = ""
    alternative_titles: tuple[tuple[str, str], ...] = ()
    """Country codes and titles."""
    country: str = "US"
    studio: str = ""
    certification: str = ""
    """In the United States."""
    wikidata_id: str = ""
    collection: Collection | None = None

    @property
    def year(self) -> int:
        """The year of the first release."""
        return self.released.year

    @property
    def imdb_number(self) -> int:
        """The IMDb id without `tt` and leading zeros, as HDBits wants it."""
        return int(self.imdb_id.removeprefix("tt"))


HORROR = Genre(27, "Horror")
DRAMA = Genre(18, "Drama")
COMEDY = Genre(35, "Comedy")
ROMANCE = Genre(10749, "Romance")
MYSTERY = Genre(9648, "Mystery")
THRILLER = Genre(53, "Thriller")
ANIMATION = Genre(16, "Animation")
FANTASY = Genre(14, "Fantasy")
SCIENCE_FICTION = Genre(878, "Science Fiction")
ADVENTURE = Genre(12, "Adventure")
ACTION = Genre(28, "Action")
WAR = Genre(10752, "War")
FAMILY = Genre(10751, "Family")

GENRES = (
    ACTION, ADVENTURE, ANIMATION, COMEDY, DRAMA, FAMILY, FANTASY, HORROR, MYSTERY, ROMANCE, SCIENCE_FICTION, THRILLER,
    WAR,
)  # fmt: skip

NIGHT_OF_THE_LIVING_DEAD = Film(
    10331, "tt0063350", "Night of the Living Dead", date(1968, 10, 4), 96,
    "A group of strangers trapped in a farmhouse find themselves fending off a horde of recently dead, flesh-eating "
    "ghouls.",
    (HORROR, THRILLER), studio="Image Ten", certification="NR", wikidata_id="Q471159",
    alternative_titles=(("US", "Night of the Flesh Eaters"), ("DE", "Die Nacht der lebenden Toten")),
)  # fmt: skip
CHARADE = Film(
    4808, "tt0056923", "Charade", date(1963, 12, 5), 113,
    "After her husband is killed, a woman in Paris is pursued by several men who want the fortune he had stolen, and "
    "does not know whom to trust.",
    (COMEDY, MYSTERY, ROMANCE), studio="Universal Pictures", certification="NR",
    alternative_titles=(("DE", "Charade"), ("BR", "Charada")),
)  # fmt: skip
HIS_GIRL_FRIDAY = Film(
    3085, "tt0032599", "His Girl Friday", date(1940, 1, 18), 92,
    "A newspaper editor uses every trick in the book to keep his ace reporter, who is his ex-wife, from remarrying.",
    (COMEDY, ROMANCE, DRAMA), studio="Columbia Pictures", certification="NR",
    alternative_titles=(("DE", "Sein Mädchen für besondere Fälle"),),
)  # fmt: skip
NOSFERATU = Film(
    653, "tt0013442", "Nosferatu", date(1922, 2, 16), 94,
    "The mysterious Count Orlok summons an estate agent to his remote castle in the mountains; soon after, the plague "
    "comes to the town of Wisborg.",
    (HORROR, FANTASY), "de", "Nosferatu, eine Symphonie des Grauens", country="DE", studio="Prana-Film",
    certification="NR",
    alternative_titles=(("US", "Nosferatu: A Symphony of Horror"), ("FR", "Nosferatu le vampire")),
)  # fmt: skip
METROPOLIS = Film(
    19, "tt0017136", "Metropolis", date(1927, 2, 6), 153,
    "In a futuristic city sharply divided between rulers and workers, the son of the city's mastermind falls in love "
    "with a prophet of the working class.",
    (DRAMA, SCIENCE_FICTION), "de", country="DE", studio="UFA", certification="NR",
    alternative_titles=(("US", "The Complete Metropolis"), ("FR", "Métropolis")),
)  # fmt: skip
THE_GENERAL = Film(
    961, "tt0017925", "The General", date(1926, 12, 25), 79,
    "When Union spies steal an engineer's beloved locomotive, he pursues it single-handedly through enemy lines.",
    (ACTION, ADVENTURE, COMEDY, WAR), studio="Buster Keaton Productions", certification="NR",
    alternative_titles=(("FR", "Le Mécano de la General"), ("DE", "Der General")),
)  # fmt: skip
BIG_BUCK_BUNNY = Film(
    10378, "tt1254207", "Big Buck Bunny", date(2008, 4, 10), 10,
    "A giant rabbit with a heart bigger than himself takes gentle revenge on three rodents who harass the creatures of "
    "the forest.",
    (ANIMATION, COMEDY, FAMILY), country="NL", studio="Blender Foundation",
    alternative_titles=(("NL", "Peach"),),
)  # fmt: skip
SINTEL = Film(
    45745, "tt1727587", "Sintel", date(2010, 9, 27), 15,
    "A wandering warrior finds an unlikely friend in the form of a young dragon, and searches the world for it when it "
    "is taken from her.",
    (ANIMATION, FANTASY, DRAMA), country="NL", studio="Blender Foundation",
    alternative_titles=(("NL", "Durian"),),
)  # fmt: skip
ELEPHANTS_DREAM = Film(
    9761, "tt0807840", "Elephants Dream", date(2006, 3, 24), 11,
    "Two people explore a strange and seemingly infinite machine, and do not agree about what they see.",
    (ANIMATION, SCIENCE_FICTION), country="NL", studio="Blender Foundation",
    alternative_titles=(("NL", "Orange"),),
)  # fmt: skip
TEARS_OF_STEEL = Film(
    133701, "tt2285752", "Tears of Steel", date(2012, 9, 26), 12,
    "A group of warriors and scientists gathers at the Oude Kerk in Amsterdam to stage a crucial event from the past, "
    "in a desperate attempt to rescue the world from destructive robots.",
    (SCIENCE_FICTION, ACTION), country="NL", studio="Blender Foundation",
    alternative_titles=(("NL", "Mango"),),
)  # fmt: skip
COSMOS_LAUNDROMAT = Film(
    358332, "tt4957236", "Cosmos Laundromat", date(2015, 8, 10), 12,
    "On a desolate island, a suicidal sheep meets his fate in a quirky salesman, who offers him the gift of a "
    "lifetime.",
    (ANIMATION, COMEDY, FANTASY), country="NL", studio="Blender Foundation",
    alternative_titles=(("NL", "Cosmos Laundromat: First Cycle"), ("NL", "Gooseberry")),
)  # fmt: skip

FILMS = (
    NIGHT_OF_THE_LIVING_DEAD, CHARADE, HIS_GIRL_FRIDAY, NOSFERATU, METROPOLIS, THE_GENERAL, BIG_BUCK_BUNNY, SINTEL,
    ELEPHANTS_DREAM, TEARS_OF_STEEL, COSMOS_LAUNDROMAT,
)  # fmt: skip
