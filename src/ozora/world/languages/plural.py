"""Two to five of a kind, in seven languages: number words, plural nouns, how adjectives and verbs agree.

Arabic counts as a group does, "a group of three foxes", so that neither the dual nor the two genders of
people's plurals are needed: adjectives and verbs of such a phrase are feminine, those of a pair masculine.
German adjectives after a number word end as those after "eine" do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Table = Mapping[str, str]


def _same(word: str) -> str:
    return word


@dataclass(frozen=True, eq=False)
class Plural:
    """What a language needs to speak of several.

    ``numbers`` are the words for two to five, "three/three" where they have genders. ``nouns`` replace those
    of ``Language.words`` where they differ, ``patterns`` and ``references`` those of the language.
    ``gender`` is that of all adjectives, ``verb_genders`` those of verbs for two, three, four, five, where
    they are not the noun's own.
    """

    numbers: tuple[str, str, str, str]
    nouns: Table = field(default_factory=dict)
    adjective: Callable[[str], str] = _same
    verb: Callable[[str], str] = _same
    patterns: Table = field(default_factory=dict)
    references: Table = field(default_factory=dict)
    gender: str = ""
    verb_genders: str = ""


# --- Spanish ------------------------------------------------------------------------------------------------


def _spanish_adjective(word: str) -> str:
    if word.startswith("de "):
        return word
    if word == "gran":
        return "grandes"
    word = word.replace("marrón", "marron")
    return f"{word}s" if word[-1] in "aeiouáéíóú" else f"{word}es"


def _spanish_verb(words: str) -> str:
    for one, many in (("quieto", "quietos"), ("quieta", "quietas"), ("inmóvil", "inmóviles")):
        words = re.sub(rf"\b{one}\b", many, words)
    # Gerunds and "a la deriva" have no plural.
    if re.match(r"\w+ndo(se)?\b|a la |quiet", words):
        return words
    return re.sub(r"^(se )?(\w+)", r"\1\2n", words)


SPANISH = Plural(
    numbers=("dos", "tres", "cuatro", "cinco"),
    nouns={
        "fox": "zorros/m", "horse": "caballos/m | yeguas/f | corceles/m", "wolf": "lobos/m",
        "dog": "perros/m | sabuesos/m", "cat": "gatos/m | gatitos/m", "deer": "ciervos/m | venados/m",
        "bear": "osos/m", "rabbit": "conejos/m | liebres/f", "elephant": "elefantes/m",
        "giraffe": "jirafas/f", "bird": "pájaros/m | gaviotas/f",
        "person": "personas/f | caminantes/m | viajeros/m | hombres/m | mujeres/f",
        "ball": "pelotas/f | bolas/f | esferas/f", "cube": "cubos/m | bloques/m | cajas/f",
        "balloon": "globos aerostáticos/m | globos/m", "sailboat": "veleros/m | barcos de vela/m",
        "car": "coches/m | automóviles/m", "truck": "camiones/m", "train": "trenes/m",
        "aeroplane": "aviones/m", "rocket": "cohetes/m", "fish": "peces/m", "whale": "ballenas/f",
        "dolphin": "delfines/m", "robot": "robots/m", "butterfly": "mariposas/f", "eagle": "águilas/f",
        "cone": "conos/m", "cylinder": "cilindros/m", "ring": "anillos/m | aros/m",
    },
    adjective=_spanish_adjective,
    verb=_spanish_verb,
    references={
        "el": "los {noun}/las {noun}", "lo": "los/las", "al": "a los {noun}/a las {noun}",
        "del": "de los {noun}/de las {noun}",
    },
    patterns={
        "noun": "{number} [{size} ]{noun}[ {colour}][ {material}]",
        "noun:person": "{number} {noun}[ {size}][ {coat}]",
        "coat": "con abrigos {colour}/m | con chaquetas {colour}/f",
    },
)  # fmt: skip

# --- French -------------------------------------------------------------------------------------------------

_FRENCH_VERBS = {
    "court": "courent", "attend": "attendent", "rebondit": "rebondissent", "bondit": "bondissent",
    "fait": "font", "tient": "tiennent",
}  # fmt: skip


def _french_adjective(word: str) -> str:
    if word.startswith(("de ", "en ")) or word in ("orange", "marron") or word[-1] in "sx":
        return word
    return f"{word}s"


def _french_verb(words: str) -> str:
    words = words.replace("lui-même", "eux-mêmes").replace("elle-même", "elles-mêmes")
    words = words.replace("immobile", "immobiles")
    found = re.match(r"(se |s')?(\w+)(.*)", words)
    if found is None or found[2].endswith("ant") or words.startswith(("à ", "immobiles")):
        return words
    verb = _FRENCH_VERBS.get(found[2], f"{found[2]}nt")
    return f"{found[1] or ''}{verb}{found[3]}"


FRENCH = Plural(
    numbers=("deux", "trois", "quatre", "cinq"),
    nouns={
        "fox": "renards/m", "horse": "chevaux/m | juments/f | étalons/m", "wolf": "loups/m",
        "dog": "chiens/m", "cat": "chats/m | chatons/m", "deer": "cerfs/m", "bear": "ours/m",
        "rabbit": "lapins/m | lièvres/m", "elephant": "éléphants/m", "giraffe": "girafes/f",
        "bird": "oiseaux/m | mouettes/f",
        "person": "personnes/f | silhouettes/f | marcheurs/m | voyageurs/m | hommes/m | femmes/f",
        "ball": "balles/f | boules/f | sphères/f", "cube": "cubes/m | blocs/m | boîtes/f",
        "balloon": "montgolfières/f | ballons à air chaud/m", "sailboat": "voiliers/m | bateaux à voile/m",
        "car": "voitures/f | automobiles/f", "truck": "camions/m", "train": "trains/m",
        "aeroplane": "avions/m", "rocket": "fusées/f", "fish": "poissons/m", "whale": "baleines/f",
        "dolphin": "dauphins/m", "robot": "robots/m", "butterfly": "papillons/m", "eagle": "aigles/m",
        "cone": "cônes/m", "cylinder": "cylindres/m", "ring": "anneaux/m",
    },
    adjective=_french_adjective,
    verb=_french_verb,
    references={"le": "les", "the": "les {noun}", "de": "des {noun}"},
    patterns={
        "noun": "{number} [{size} ]{noun}[ {colour}][ {material}]",
        "noun:person": "{number} {noun}[ {size}][ {coat}]",
        "coat": "en manteaux {colour}/m | en vestes {colour}/f",
    },
)  # fmt: skip

# --- German -------------------------------------------------------------------------------------------------

_GERMAN_VERBS = {"läuft": "laufen", "fährt": "fahren", "fällt": "fallen", "stößt": "stoßen"}


def _german_verb(words: str) -> str:
    first, space, rest = words.partition(" ")
    if first.endswith("nd") or not first.endswith("t"):  # a participle
        return words
    stem = first[:-1]
    infinitive = f"{stem}n" if stem.endswith(("el", "er", "e")) and not stem.endswith("ier") else f"{stem}en"
    return _GERMAN_VERBS.get(first, infinitive) + space + rest


GERMAN = Plural(
    numbers=("zwei", "drei", "vier", "fünf"),
    nouns={  # a third part is the dative
        "fox": "Füchse/m/Füchsen", "horse": "Pferde/n/Pferden | Stuten/f | Hengste/m/Hengsten",
        "wolf": "Wölfe/m/Wölfen", "dog": "Hunde/m/Hunden", "cat": "Katzen/f | Kater/m/Katern",
        "deer": "Hirsche/m/Hirschen | Rehe/n/Rehen", "bear": "Bären/m", "rabbit": "Kaninchen/n | Hasen/m",
        "elephant": "Elefanten/m", "giraffe": "Giraffen/f", "bird": "Vögel/m/Vögeln | Möwen/f",
        "person": "Personen/f | Gestalten/f | Wanderer/m/Wanderern | Männer/m/Männern | Frauen/f",
        "ball": "Bälle/m/Bällen | Kugeln/f", "cube": "Würfel/m/Würfeln | Klötze/m/Klötzen | Kisten/f",
        "balloon": "Heißluftballons/m | Ballons/m",
        "sailboat": "Segelboote/n/Segelbooten | Segelschiffe/n/Segelschiffen | Jachten/f",
        "car": "Autos/n | Wagen/m", "truck": "Lastwagen/m", "train": "Züge/m/Zügen",
        "aeroplane": "Flugzeuge/n/Flugzeugen", "rocket": "Raketen/f", "fish": "Fische/m/Fischen",
        "whale": "Wale/m/Walen", "dolphin": "Delfine/m/Delfinen", "robot": "Roboter/m/Robotern",
        "butterfly": "Schmetterlinge/m/Schmetterlingen", "eagle": "Adler/m/Adlern",
        "cone": "Kegel/m/Kegeln", "cylinder": "Zylinder/m/Zylindern", "ring": "Ringe/m/Ringen",
    },
    verb=_german_verb,
    gender="f",
    references={"ihn": "sie", "ihm": "ihnen", "den": "die {noun}", "dem": "den {other}"},
    patterns={
        "noun": "{number} [{size} ][{material} ][{colour} ]{noun}[ {coat}]",
        "object": "{number} [{size} ][{material} ][{colour} ]{other}[ {coat}]",
        "coat": "in {colour} Mänteln/d | in {colour} Jacken/d",
        "passing": "und verschwinden kurz hinter {occluder} | und ziehen hinter {occluder} vorbei",
    },
)  # fmt: skip

# --- Hindi --------------------------------------------------------------------------------------------------


def hindi_oblique(word: str) -> str:
    """A masculine adjective before a plural, or before a noun with a postposition: काला → काले."""
    return f"{word[:-1]}े" if word.endswith("ा") else word


def _hindi_verb(words: str) -> str:
    words = re.sub(r"(रहा|ता|खड़ा|रुका हुआ) है$", lambda found: f"{_bent(found[1])} हैं", words)
    words = re.sub(r"(ता|खड़ा) हुआ$", lambda found: f"{_bent(found[1])} हुए", words)
    return re.sub(r" है$", " हैं", words)


def _bent(words: str) -> str:
    return " ".join("हुए" if word == "हुआ" else hindi_oblique(word) for word in words.split())


HINDI = Plural(
    numbers=("दो", "तीन", "चार", "पाँच"),
    nouns={  # a third part is the form before a postposition
        "fox": "लोमड़ियाँ/f/लोमड़ियों", "horse": "घोड़े/m/घोड़ों | घोड़ियाँ/f/घोड़ियों", "wolf": "भेड़िये/m/भेड़ियों",
        "dog": "कुत्ते/m/कुत्तों", "cat": "बिल्लियाँ/f/बिल्लियों", "deer": "हिरण/m/हिरणों | हिरन/m/हिरनों",
        "bear": "भालू/m/भालुओं", "rabbit": "खरगोश/m/खरगोशों", "elephant": "हाथी/m/हाथियों",
        "giraffe": "जिराफ़/m/जिराफ़ों", "bird": "चिड़ियाँ/f/चिड़ियों | पक्षी/m/पक्षियों",
        "person": "लोग/m/लोगों | आदमी/m/आदमियों | औरतें/f/औरतों", "ball": "गेंदें/f/गेंदों | गोले/m/गोलों",
        "cube": "घन/m/घनों | डिब्बे/m/डिब्बों", "balloon": "हॉट एयर बैलून/m/हॉट एयर बैलूनों | गुब्बारे/m/गुब्बारों",
        "sailboat": "पाल वाली नावें/f/पाल वाली नावों | नावें/f/नावों", "car": "कारें/f/कारों | गाड़ियाँ/f/गाड़ियों",
        "truck": "ट्रक/m/ट्रकों", "train": "रेलगाड़ियाँ/f/रेलगाड़ियों | ट्रेनें/f/ट्रेनों",
        "aeroplane": "हवाई जहाज़/m/हवाई जहाज़ों | विमान/m/विमानों", "rocket": "रॉकेट/m/रॉकेटों",
        "fish": "मछलियाँ/f/मछलियों", "whale": "व्हेलें/f/व्हेलों", "dolphin": "डॉल्फ़िनें/f/डॉल्फ़िनों",
        "robot": "रोबोट/m/रोबोटों", "butterfly": "तितलियाँ/f/तितलियों", "eagle": "चीलें/f/चीलों | बाज़/m/बाज़ों",
        "cone": "शंकु/m/शंकुओं", "cylinder": "बेलन/m/बेलनों", "ring": "छल्ले/m/छल्लों",
    },
    adjective=hindi_oblique,
    verb=_hindi_verb,
    references={"its": "उनके", "it": "उनका"},
    patterns={
        "noun": "{number} [{size} ][{material} ][{colour} ]{noun}",
        "noun:person": "[{coat} ]{number} [{size} ]{noun}",
        "object": "{number} [{size} ][{material} ][{colour} ]{other}",
        "object:person": "[{coat} ]{number} [{size} ]{other}",
        "passing": "और {occluder} के पीछे से गुज़रते हैं/और {occluder} के पीछे से गुज़रती हैं | "
        "और पल भर के लिए {occluder} के पीछे छिप जाते हैं/और पल भर के लिए {occluder} के पीछे छिप जाती हैं",
    },
)  # fmt: skip

# --- Arabic -------------------------------------------------------------------------------------------------


def _with_definite(nouns: str) -> str:
    parted = (noun.split("/") for noun in nouns.split(" | "))
    return " | ".join("/".join(parts if len(parts) > 2 else [*parts, f"ال{parts[0]}"]) for parts in parted)


_ARABIC_NOUNS = {  # the gender is that of one of them: number words go by it
    "fox": "ثعالب/m", "horse": "خيول/m | أحصنة/m", "wolf": "ذئاب/m", "dog": "كلاب/m", "cat": "قطط/f",
    "deer": "غزلان/m", "bear": "دببة/m", "rabbit": "أرانب/m", "elephant": "فيلة/m", "giraffe": "زرافات/f",
    "bird": "طيور/m | نوارس/m", "person": "أشخاص/m | رجال/m | نساء/f", "ball": "كرات/f",
    "cube": "مكعبات/m | صناديق/m", "balloon": "مناطيد/m",
    "sailboat": "قوارب شراعية/m/القوارب الشراعية | مراكب شراعية/m/المراكب الشراعية", "car": "سيارات/f",
    "truck": "شاحنات/f", "train": "قطارات/m", "aeroplane": "طائرات/f", "rocket": "صواريخ/m",
    "fish": "أسماك/f", "whale": "حيتان/m", "dolphin": "دلافين/m", "robot": "روبوتات/m",
    "butterfly": "فراشات/f", "eagle": "نسور/m", "cone": "مخاريط/m", "cylinder": "أسطوانات/f",
    "ring": "حلقات/f",
}  # fmt: skip
_ARABIC_GROUP = "مجموعة من {number} {noun}"
_ARABIC_PAIR = "زوج من {other}"

ARABIC = Plural(
    numbers=("اثنين/اثنتين", "ثلاثة/ثلاث", "أربعة/أربع", "خمسة/خمس"),
    nouns={kind: _with_definite(nouns) for kind, nouns in _ARABIC_NOUNS.items()},
    gender="f",
    verb_genders="mfff",
    references={"around": "حولها", "following": "تتبعها"},
    patterns={
        "noun": f"{_ARABIC_GROUP}[ {{colour}}][ {{material}}][ {{size}}]",
        # The mark stands for the article of what describes "the foxes"; polishing puts it in.
        "noun:2": f"{_ARABIC_PAIR}[ ~{{colour}}][ ~{{material}}][ ~{{size}}]",
        "noun:person": f"{_ARABIC_GROUP}[ {{coat}}]",
        "noun:person:2": f"{_ARABIC_PAIR}[ {{coat}}]",
        "coat": "بمعاطف {colour}/f | بسترات {colour}/f",
    },
)


def arabic_polish(text: str) -> str:
    """The article before adjectives that are marked for it."""
    return text.replace("~غير ", "غير ال").replace("~", "ال")


# --- Chinese and Japanese, whose nouns and verbs have no plural ---------------------------------------------

CHINESE = Plural(
    numbers=("两", "三", "四", "五"),
    patterns={
        "noun": "{number}{kind}[{colour}的][{material}][{size}]{noun}",
        "noun:person": "{number}{kind}[{coat}][{size}]{noun}",
        "bare": "{number}{kind}[{colour}][{material}][{size}]{noun}",
        "bare:person": "{number}{kind}[{coat}][{size}]{noun}",
    },
)

JAPANESE = Plural(
    numbers=("二", "三", "四", "五"),
    patterns={
        "noun": "{kind}[{size}][{material}][{colour}]{noun}",
        "noun:person": "[{coat}]{kind}[{size}]{noun}",
    },
)
