"""German: three genders, two cases after a preposition, and the verb in second place."""

from __future__ import annotations

import re

from ozora.world.languages import plural
from ozora.world.languages.lexicon import Forms, Language, columns

_SUBJECTS = {  # a third part is the form that weak nouns take in the dative and accusative
    "fox": "Fuchs/m", "horse": "Pferd/n | Stute/f | Hengst/m", "wolf": "Wolf/m", "dog": "Hund/m",
    "cat": "Katze/f | Kater/m", "deer": "Hirsch/m | Reh/n", "bear": "Bär/m/Bären",
    "rabbit": "Kaninchen/n | Hase/m/Hasen", "elephant": "Elefant/m/Elefanten", "giraffe": "Giraffe/f",
    "bird": "Vogel/m | Möwe/f", "person": "Person/f | Gestalt/f | Wanderer/m | Mann/m | Frau/f",
    "ball": "Ball/m | Kugel/f", "cube": "Würfel/m | Klotz/m | Kiste/f",
    "balloon": "Heißluftballon/m | Ballon/m", "sailboat": "Segelboot/n | Segelschiff/n | Jacht/f",
    "car": "Auto/n | Wagen/m", "truck": "Lastwagen/m", "train": "Zug/m", "aeroplane": "Flugzeug/n",
    "rocket": "Rakete/f", "fish": "Fisch/m", "whale": "Wal/m", "dolphin": "Delfin/m", "robot": "Roboter/m",
    "butterfly": "Schmetterling/m", "eagle": "Adler/m", "cone": "Kegel/m", "cylinder": "Zylinder/m",
    "ring": "Ring/m",
}  # fmt: skip

_ACTIONS = {  # finite, with the second part of a separable verb after "…"; participle
    "stand": ("steht | steht still | wartet", "stehend | wartend"),
    "walk": ("geht | trottet", "gehend"),
    "walk:person": ("geht | spaziert | wandert", "gehend | wandernd"),
    "run": ("läuft | rennt", "laufend | rennend"),
    "run:horse": ("galoppiert | rennt", "galoppierend"),
    "fly": ("fliegt | gleitet", "fliegend"),
    "roll": ("rollt", "rollend"),
    "bounce": ("hüpft | springt … auf und ab", "hüpfend"),
    "spin": ("dreht sich | rotiert", "rotierend"),
    "slide": ("gleitet | rutscht", "gleitend | rutschend"),
    "rise": ("steigt … auf | erhebt sich", "aufsteigend"),
    "drift": ("schwebt", "schwebend"),
    "sail": ("segelt | gleitet", "segelnd"),
    "drive": ("fährt", "fahrend"),
    "swim": ("schwimmt", "schwimmend"),
    "jump": ("springt | hüpft", "springend"),
    "fall": ("fällt | stürzt", "fallend"),
    "turn": ("wendet | dreht sich um", "wendend | sich umdrehend"),
    "collide": ("stößt … zusammen | kollidiert", "kollidierend"),
    "tumble": ("überschlägt sich | purzelt", "purzelnd"),
    "push": ("schiebt", "schiebend"),
    "stack": ("kommt … obenauf zu liegen", "obenauf fallend"),
    "topple": ("wirft … einen Stapel um", "umwerfend"),
}

_PLACES = {  # plain; crossing (accusative); staying (dative); above (dative); flying over (accusative)
    "snowfield": ("Schneefeld", "über ein Schneefeld | durch den Schnee | über ein verschneites Feld",
                  "auf einem Schneefeld | im Schnee | auf einem verschneiten Feld",
                  "über einem Schneefeld | über dem Schnee", "über ein Schneefeld | über den Schnee"),
    "meadow": ("Wiese", "über eine Wiese | durch das Gras | über eine grüne Wiese",
               "auf einer Wiese | im Gras | auf einer grünen Wiese",
               "über einer Wiese | über einer grünen Wiese",
               "über eine Wiese | über eine grüne Wiese"),
    "dunes": ("Dünen", "durch die Dünen | über den Sand | durch die Wüste", "in den Dünen | in der Wüste",
              "über den Dünen | über der Wüste", "über die Dünen | über die Wüste"),
    "sea": ("Meer", "über das Meer | über den Ozean | durch die Wellen", "auf dem Meer | auf dem Ozean",
            "über dem Meer | über dem Ozean", "über das Meer | über den Ozean"),
    "tabletop": ("Tisch", "über einen Tisch | über einen Holztisch", "auf einem Tisch | auf einem Holztisch",
                 "über einem Tisch", "über einen Tisch"),
    "forest": ("Wald", "durch einen Wald | durch den Wald", "in einem Wald | im Wald", "über einem Wald",
               "über einen Wald"),
    "savannah": ("Savanne", "durch die Savanne | über die Savanne", "in der Savanne", "über der Savanne",
                 "über die Savanne"),
    "valley": ("Bergtal", "durch ein Bergtal | durch ein Tal in den Bergen",
               "in einem Bergtal | in einem Tal in den Bergen", "über einem Bergtal", "über ein Bergtal"),
    "canyon": ("rote Schlucht", "durch eine rote Schlucht | durch einen Canyon",
               "in einer roten Schlucht | in einem Canyon", "über einer roten Schlucht",
               "über eine rote Schlucht"),
    "beach": ("Strand", "über einen Strand | am Strand entlang", "an einem Strand | am Strand",
              "über einem Strand", "über einen Strand"),
    "lake": ("See", "über einen See | über einen stillen See", "auf einem See | auf einem stillen See",
             "über einem See", "über einen See"),
    "underwater": ("Meeresgrund", "über den Meeresgrund", "auf dem Meeresgrund | unter Wasser",
                   "über dem Meeresgrund", "über den Meeresgrund"),
    "moon": ("Mondoberfläche", "über den Mond | über die Mondoberfläche",
             "auf dem Mond | auf der Mondoberfläche", "über dem Mond", "über den Mond"),
    "street": ("Straße", "durch eine Straße | eine Straße entlang",
               "auf einer Straße | in einer Straße der Stadt",
               "über einer Straße", "über eine Straße"),
    "night city": ("Stadt voller Lichter",
                   "durch eine Stadt voller Lichter | durch eine Straße voller Neonlicht",
                   "in einer Stadt voller Lichter | auf einer Straße voller Neonlicht",
                   "über einer Stadt voller Lichter", "über eine Stadt voller Lichter"),
    "room": ("Zimmer", "durch ein Zimmer | durch einen Raum", "in einem Zimmer | in einem Raum",
             "in einem Zimmer", "durch ein Zimmer"),
}  # fmt: skip

_TIMES = {
    "dawn": ("Morgendämmerung", "bei Tagesanbruch | im Morgengrauen | am frühen Morgen"),
    "noon": ("Mittag", "am Mittag | mittags | bei hellem Tageslicht"),
    "sunset": ("Sonnenuntergang",
               "bei Sonnenuntergang | zur goldenen Stunde | im Licht der untergehenden Sonne"),
    "dusk": ("Abenddämmerung", "in der Abenddämmerung | in der Dämmerung | am Abend"),
    "night": ("Nacht", "in der Nacht | bei Nacht | nachts | im Mondlicht"),
}
_WEATHERS = {
    "clear": ("klarer Himmel", "unter klarem Himmel | bei klarem Wetter"),
    "fog": ("Nebel", "im Nebel | bei Nebel"),
    "snow": ("Schneefall", "bei Schneefall | in fallendem Schnee"),
    "cloud": ("bewölkter Himmel", "unter bewölktem Himmel"),
    "rain": ("Regen", "im Regen | bei Regen"),
    "storm": ("Gewitter", "bei Gewitter | im Sturm"),
    "aurora": ("Polarlicht", "unter Polarlichtern | unter einem Polarlicht"),
}
_CAMERAS = {
    "static": ("feste Kamera", "die Kamera steht still | die Kamera bewegt sich nicht"),
    "pan": ("Kameraschwenk", "die Kamera schwenkt | die Kamera schwenkt zur Seite"),
    "dolly": ("Kamerafahrt nach vorn", "die Kamera fährt nach vorn | die Kamera fährt heran"),
    "orbit": ("Kreisfahrt",
              "die Kamera umkreist {den} | die Kamera umkreist {ihn} | die Kamera kreist um {den}"),
    "follow": ("Verfolgungsfahrt",
               "die Kamera folgt {dem} | die Kamera folgt {ihm} | die Kamera begleitet {den}"),
    "tilt": ("senkrechter Schwenk", "die Kamera neigt sich | die Kamera schwenkt senkrecht"),
    "tilt:up": ("Schwenk nach oben", "die Kamera schwenkt nach oben"),
    "tilt:down": ("Schwenk nach unten", "die Kamera schwenkt nach unten"),
    "crane:up": ("Kranfahrt nach oben", "die Kamera fährt nach oben | die Kamera hebt sich"),
    "crane:down": ("Kranfahrt nach unten", "die Kamera fährt nach unten | die Kamera senkt sich"),
    "zoom": ("Zoom", "die Kamera zoomt heran | die Kamera zoomt auf {den}"),
    "crane": ("Kranfahrt", "die Kamera bewegt sich an einem Kran"),
    "fly-over": ("Überflug", "die Kamera fliegt über die Szene | die Kamera überfliegt die Szene"),
    "handheld": ("Handkamera", "mit der Handkamera gefilmt | die Handkamera wackelt ein wenig"),
    "arc": ("Bogenfahrt", "die Kamera fährt in einem Bogen um {den}"),
    "truck": ("Seitwärtsfahrt", "die Kamera fährt zur Seite | die Kamera gleitet seitwärts"),
    "pull-back": ("Rückfahrt", "die Kamera fährt zurück"),
}


def _declined(stems: str) -> str:
    """An adjective after "ein" as subject (m, f, n), then in the dative: "roter/rote/rotes/roten"."""
    return " | ".join("/".join(stem + ending for ending in ("er", "e", "es",
                                                            "en")) for stem in stems.split(" | "))


def _table(**stems: str) -> dict[str, str]:
    return {value.replace("_", ":"): _declined(text) for value, text in stems.items()}


def _dative(forms: Forms, gender: str) -> str:
    """An adjective after "einem", "einer" or a number word in the dative."""
    return forms[-1]


def _polish(text: str) -> str:
    """A whole sentence after a colon begins with a capital."""
    return re.sub(r": ([a-zäöü])", lambda found: f": {found[1].upper()}", text)


GERMAN = Language(
    name="Deutsch",
    genders="mfnd",
    references={
        "a": "ein/eine/ein", "ihn": "ihn/sie/es",
        "einen": "einen/eine/ein", "einem": "einem/einer/einem", "ihm": "ihm/ihr/ihm",
        "den": "den {other}/die {other}/das {other}", "dem": "dem {other}/der {other}/dem {other}",
    },
    pronouns=("ihn", "ihm"),
    polish=_polish,
    governed=_dative,
    plural=plural.GERMAN,
    words={
        "subject": _SUBJECTS,
        **columns(("action", "doing"), _ACTIONS),
        **columns(("place", "crossing", "staying", "above", "fly"), _PLACES),
        **columns(("time", "when"), _TIMES),
        **columns(("weather", "amid"), _WEATHERS),
        **columns(("camera", "moves"), _CAMERAS),
        "speed": {
            "slow": "langsam | gemächlich", "normal": "gleichmäßig | in gleichmäßigem Tempo",
            "fast": "schnell | rasch | mit voller Geschwindigkeit",
        },
        "direction": {
            "left": "nach links | von rechts nach links", "right": "nach rechts | von links nach rechts",
            "towards": "auf die Kamera zu | auf uns zu", "away": "von der Kamera weg | in die Ferne",
        },
        "facing": {
            "left": "nach links gewandt | mit Blick nach links",
            "right": "nach rechts gewandt | mit Blick nach rechts",
            "towards": "der Kamera zugewandt | mit Blick in die Kamera", "away": "von der Kamera abgewandt",
        },
        "position": {
            "left": "links im Bild | links", "centre": "in der Bildmitte | in der Mitte",
            "right": "rechts im Bild | rechts",
        },
        "size": _table(small="klein", medium="mittelgroß", large="groß | riesig", large_person="groß"),
        "colour": _table(
            natural="natürlich", red="rot", red_fox="rot | rotbraun", orange="orangefarben", yellow="gelb",
            green="grün", blue="blau", purple="violett", white="weiß", black="schwarz", brown="braun",
            grey="grau", golden="golden", pink="rosafarben",
        ),
        "material": _table(natural="natürlich", matte="matt", glossy="glänzend", metal="metallisch"),
        "occluder": {
            "none": "nichts", "tree": "einem Baum | einer Kiefer | einer Tanne", "bush": "einem Busch",
            "rock": "einem Felsen | einem Felsblock", "wall": "einer Mauer | einer niedrigen Mauer",
        },
        "framing": {
            "wide": "Totale | in der Totale | aus der Ferne gesehen",
            "medium": "halbnahe Einstellung | in halbnaher Einstellung",
            "close": "Nahaufnahme | in Nahaufnahme | aus der Nähe gesehen",
        },
        "height": {
            "low": "Froschperspektive | aus der Froschperspektive | von unten gesehen",
            "eye": "Augenhöhe | auf Augenhöhe",
            "high": "Vogelperspektive | aus der Vogelperspektive | von oben gesehen",
        },
        "look": {
            "natural": "natürliche Farben | in natürlichen Farben",
            "black-and-white": "Schwarz-Weiß | in Schwarz-Weiß", "clay": "Knetanimation | wie aus Knete",
            "cartoon": "Zeichentrick | im Zeichentrickstil", "watercolour": "Aquarell | wie ein Aquarell",
            "neon": "Neonstil | im Neonstil",
            "paper": "Scherenschnitt aus Papier | wie aus Papier geschnitten",
            "sepia": "Sepia | in Sepiatönen",
        },
        "later": {
            "none": "ohne Zeitraffer",
            "dawn": "im Zeitraffer bis zum Morgengrauen | während im Zeitraffer der Morgen anbricht",
            "noon": "im Zeitraffer bis zum Mittag | während es im Zeitraffer Mittag wird",
            "sunset": "im Zeitraffer bis zum Sonnenuntergang | während im Zeitraffer die Sonne untergeht",
            "dusk": "im Zeitraffer bis zur Dämmerung | während es im Zeitraffer dämmert",
            "night": "im Zeitraffer bis in die Nacht | während es im Zeitraffer Nacht wird",
        },
        "cut": {
            "wide": "dann Schnitt auf eine Totale | dann folgt ein Schnitt auf die Totale",
            "medium": "dann Schnitt auf eine halbnahe Einstellung | dann folgt ein anderer Blickwinkel",
            "close": "dann Schnitt auf eine Nahaufnahme | dann folgt eine Nahaufnahme",
        },
        "light": {
            "dawn": "weiches, blasses Licht | rosiges Morgenlicht",
            "noon": "helles, klares Licht | hartes Licht und kurze Schatten",
            "sunset": "warmes, goldenes Licht | orangefarbenes Licht und lange Schatten",
            "dusk": "kühles, violettes Licht | schwindendes violettes Licht",
            "night": "schwaches, bläuliches Licht | matter Silberschein",
            "soft": "weiches, gedämpftes Licht | mattes Licht fast ohne Schatten",
            "underwater": "blaues Licht von der Oberfläche | blaugrünes Licht",
        },
        "grey_light": {
            "dawn": "weiches, blasses Licht", "noon": "hartes Licht und kurze Schatten",
            "sunset": "tiefes Licht und lange Schatten", "dusk": "weiches, schwindendes Licht",
            "night": "schwaches Licht und tiefe Schatten", "soft": "weiches, gedämpftes Licht",
            "underwater": "weiches Licht von der Oberfläche",
        },
        "mood": {
            "fast": "lebhafte Stimmung | voller Schwung",
            "fog": "geheimnisvolle Stimmung | verträumte Stimmung",
            "night": "stille, ruhige Stimmung | nächtliche Stille",
            "calm": "ruhige Stimmung | friedliche Stimmung | alles ist ruhig",
        },
        "then": {
            "stand": "bleibt dann stehen | hält dann an",
            "walk": "geht dann los | setzt sich dann in Bewegung",
            "walk:run": "geht dann im Schritt weiter | geht dann langsam weiter",
            "run": "läuft dann los | rennt dann los",
            "jump": "springt dann | macht dann einen Sprung",
            "turn": "kehrt dann um | dreht dann um",
            "drive": "fährt dann los | setzt sich dann in Bewegung",
        },
        "relation": {
            "none": "ohne Bezug",
            "left of": "links von {other}",
            "right of": "rechts von {other}",
            "in front of": "vor {other}",
            "behind": "hinter {other}",
            "beside": "neben {other}",
            "above": "über {other}",
            "chasing": "dicht hinter {other} her | {other} auf den Fersen",
            "crossing": "vorn an {other} vorbei",
        },
        "near": {
            "near": "in der Nähe | nicht weit davon", "aloft": "am Himmel | in der Höhe",
            "left of": "rechts daneben", "right of": "links daneben", "in front of": "dahinter",
            "behind": "davor", "beside": "direkt daneben", "above": "darunter",
        },
        "meets": {
            "collide": "stößt … gegen {whom} | prallt … gegen {whom}",
            "push": "schiebt … {whom} vor sich her | schiebt … {whom} weiter",
            "stack": "fällt … auf {whom} und bleibt dort liegen",
            "topple": "wirft … einen Stapel aus {whom} um",
        },
        "meeting": {
            "collide": "gegen {whom} stoßend",
            "push": "{whom} schiebend",
            "stack": "auf {whom} fallend",
            "topple": "einen Stapel aus {whom} umwerfend",
        },
        "outcome": {  # the last form is that of several
            "over": "wirft ihn um/wirft sie um/wirft es um/wirft sie um | "
            "stößt ihn um/stößt sie um/stößt es um/stößt sie um",
            "away": "schiebt ihn fort/schiebt sie fort/schiebt es fort/schiebt sie fort | "
            "stößt ihn weg/stößt sie weg/stößt es weg/stößt sie weg",
            "away:ball": "bringt ihn ins Rollen/bringt sie ins Rollen/bringt es ins Rollen/"
            "bringt sie ins Rollen",
            "back": "prallt zurück | prallt ab",
        },
    },
    patterns={
        "noun": "{a} [{size} ][{material} ][{colour} ]{noun}[ {coat}]",
        "bare": "[{size} ][{material} ][{colour} ]{noun}[ {coat}]",
        "object": "{einem} [{size} ][{material} ][{colour} ]{other}[ {coat}]",
        "coat": "in einem {colour} Mantel/d | in einer {colour} Jacke/d",
        "passing": "und verschwindet kurz hinter {occluder} | und zieht hinter {occluder} vorbei",
        "company": "und {others}",
        "other": "{near} {does} {who}[ {off}]",
        "whom": "{einen} [{size} ][{material} ][{colour} ]{noun}/dfn",
        "whom:topple": "{einem} [{size} ][{material} ][{colour} ]{noun}/ddd",
        "both": " und ",
        "and": " und ",
        "outcome": "und {after}",
        "then": "und {after}",
        "then_tag": "dann {doing}",
        "tail": "[ {off}][ {then}][, {related}][ {passing}][, {facing}][, {side}][, {company}]",
        "terse": "{who} {does}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{who} {does} {when}[ {weather}][ {speed}] {where}[ {heading}] | "
        "{when} {does} {who}[ {weather}][ {speed}] {where}[ {heading}] | "
        "{weather} {does} {who}[ {when}][ {speed}] {where}[ {heading}]",
        "medium": "{who} {does}[ {when}][ {weather}][ {speed}] {where}[ {heading}] | "
        "{when} {does} {who}[ {weather}][ {speed}] {where}[ {heading}] | "
        "{where} {does}[ {when}][ {weather}][ {speed}] {who}[ {heading}] | "
        "{weather} {does}[ {when}] {who}[ {speed}] {where}[ {heading}]",
        "full": "{who} {does}[ {when}][ {weather}][ {speed}] {where}[ {heading}] | "
        "{when} {does}[ {weather}] {who}[ {speed}] {where}[ {heading}] | "
        "{where} {does}[ {when}][ {weather}][ {speed}] {who}[ {heading}] | "
        "{weather} {does}[ {when}] {who}[ {speed}] {where}[ {heading}]",
    },
)
