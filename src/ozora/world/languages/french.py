"""French: two genders, and vowels that swallow the article before them."""

from __future__ import annotations

import re

from ozora.world.languages import plural
from ozora.world.languages.lexicon import Language, columns

_SUBJECTS = {
    "fox": "renard/m", "horse": "cheval/m | jument/f | étalon/m", "wolf": "loup/m", "dog": "chien/m",
    "cat": "chat/m | chaton/m", "deer": "cerf/m", "bear": "ours/m", "rabbit": "lapin/m | lièvre/m",
    "elephant": "éléphant/m", "giraffe": "girafe/f", "bird": "oiseau/m | mouette/f",
    "person": "personne/f | silhouette/f | marcheur/m | voyageur/m | homme/m | femme/f",
    "ball": "balle/f | boule/f | sphère/f", "cube": "cube/m | bloc/m | boîte/f",
    "balloon": "montgolfière/f | ballon à air chaud/m", "sailboat": "voilier/m | bateau à voile/m",
    "car": "voiture/f | automobile/f", "truck": "camion/m", "train": "train/m", "aeroplane": "avion/m",
    "rocket": "fusée/f", "fish": "poisson/m", "whale": "baleine/f", "dolphin": "dauphin/m",
    "robot": "robot/m", "butterfly": "papillon/m", "eagle": "aigle/m", "cone": "cône/m",
    "cylinder": "cylindre/m", "ring": "anneau/m",
}  # fmt: skip

_ACTIONS = {  # finite; participle
    "stand": ("se tient immobile | reste immobile | attend", "immobile | à l'arrêt"),
    "walk": ("marche | avance", "marchant | avançant"),
    "walk:person": ("marche | se promène | avance à pied", "marchant | se promenant"),
    "run": ("court", "courant"),
    "run:horse": ("galope | court", "galopant | courant"),
    "fly": ("vole | plane", "volant | planant"),
    "roll": ("roule", "roulant"),
    "bounce": ("rebondit", "rebondissant"),
    "spin": ("tourne sur lui-même/tourne sur elle-même | pivote | tournoie",
             "tournant sur lui-même/tournant sur elle-même | pivotant"),
    "slide": ("glisse", "glissant"),
    "rise": ("s'élève | monte", "s'élevant | montant"),
    "drift": ("dérive | flotte", "dérivant | flottant"),
    "sail": ("navigue | vogue", "naviguant | voguant"),
    "drive": ("roule | circule", "roulant"),
    "swim": ("nage", "nageant"),
    "jump": ("saute | bondit", "sautant | bondissant"),
    "fall": ("tombe", "tombant"),
    "turn": ("fait demi-tour | se retourne", "faisant demi-tour | se retournant"),
    "collide": ("entre en collision", "entrant en collision"),
    "tumble": ("fait des culbutes | culbute", "culbutant"),
    "push": ("pousse", "poussant"),
    "stack": ("se pose dessus", "se posant dessus"),
    "topple": ("renverse une pile", "renversant une pile"),
}  # fmt: skip

_PLACES = {  # plain; crossing; staying; above
    "snowfield": ("champ de neige", "dans la neige | à travers un champ enneigé | sur une plaine enneigée",
                  "dans la neige | dans un champ enneigé",
                  "au-dessus d'un champ de neige | au-dessus de la neige"),
    "meadow": ("prairie", "dans une prairie | à travers un pré | dans l'herbe",
               "dans une prairie | dans l'herbe | dans un pré",
               "au-dessus d'une prairie | au-dessus d'un pré"),
    "dunes": ("dunes du désert", "à travers les dunes | dans le désert | sur le sable",
              "dans les dunes | dans le désert", "au-dessus des dunes | au-dessus du désert"),
    "sea": ("mer", "sur la mer | sur l'océan | sur les vagues", "sur la mer | en pleine mer",
            "au-dessus de la mer | au-dessus de l'océan"),
    "tabletop": ("table", "sur une table | sur une table en bois", "sur une table | sur une table en bois",
                 "au-dessus d'une table"),
    "forest": ("forêt", "à travers une forêt | dans les bois", "dans une forêt | dans les bois",
               "au-dessus d'une forêt"),
    "savannah": ("savane", "à travers la savane | dans la savane dorée", "dans la savane",
                 "au-dessus de la savane"),
    "valley": ("vallée de montagne", "à travers une vallée de montagne | dans une vallée de montagne",
               "dans une vallée de montagne", "au-dessus d'une vallée de montagne"),
    "canyon": ("canyon rouge", "à travers un canyon rouge | dans un canyon", "dans un canyon rouge",
               "au-dessus d'un canyon rouge"),
    "beach": ("plage", "sur une plage | le long de la plage", "sur une plage | sur une plage de sable",
              "au-dessus d'une plage"),
    "lake": ("lac", "sur un lac | sur un lac calme", "sur un lac | sur un lac calme", "au-dessus d'un lac"),
    "underwater": ("fond de la mer", "sous l'eau | au fond de la mer", "sous l'eau | au fond de la mer",
                   "au-dessus du fond de la mer"),
    "moon": ("surface de la lune", "sur la lune | à la surface de la lune",
             "sur la lune | à la surface de la lune",
             "au-dessus de la surface de la lune"),
    "street": ("rue", "dans une rue | le long d'une rue", "dans une rue | dans une rue de la ville",
               "au-dessus d'une rue"),
    "night city": ("ville de néons", "à travers une ville de lumières | dans une rue éclairée au néon",
                   "dans une ville de lumières | dans une rue éclairée au néon",
                   "au-dessus d'une ville de lumières"),
    "room": ("pièce", "dans une pièce | dans un salon", "dans une pièce | dans un salon", "dans une pièce"),
}  # fmt: skip

_TIMES = {
    "dawn": ("aube", "à l'aube | au lever du jour | au petit matin"),
    "noon": ("midi", "à midi | en plein jour"),
    "sunset": ("coucher de soleil", "au coucher du soleil | à l'heure dorée | au soleil couchant"),
    "dusk": ("crépuscule", "au crépuscule | à la tombée de la nuit"),
    "night": ("nuit", "la nuit | de nuit | au clair de lune"),
}
_WEATHERS = {
    "clear": ("ciel dégagé", "sous un ciel dégagé | par temps clair"),
    "fog": ("brouillard", "dans le brouillard | dans la brume"),
    "snow": ("chute de neige", "sous la neige qui tombe | pendant qu'il neige | sous les flocons"),
    "cloud": ("ciel nuageux", "sous un ciel nuageux | sous les nuages"),
    "rain": ("pluie", "sous la pluie | pendant qu'il pleut"),
    "storm": ("orage", "sous l'orage | en plein orage"),
    "aurora": ("aurore boréale", "sous une aurore boréale"),
}
_CAMERAS = {
    "static": ("caméra fixe", "la caméra reste fixe | la caméra ne bouge pas"),
    "pan": ("panoramique", "la caméra fait un panoramique | la caméra pivote de côté"),
    "dolly": ("travelling avant", "la caméra avance | la caméra s'approche"),
    "orbit": ("travelling circulaire", "la caméra tourne autour {de} | la caméra tourne autour de la scène"),
    "follow": ("plan de suivi", "la caméra {le} suit | la caméra suit {the} | la caméra accompagne {the}"),
    "tilt": ("panoramique vertical", "la caméra pivote à la verticale"),
    "tilt:up": ("panoramique vers le haut", "la caméra pivote vers le haut"),
    "tilt:down": ("panoramique vers le bas", "la caméra pivote vers le bas"),
    "crane:up": ("mouvement de grue ascendant", "la caméra s'élève | la caméra monte"),
    "crane:down": ("mouvement de grue descendant", "la caméra descend"),
    "zoom": ("zoom", "la caméra zoome en avant | zoom avant sur {the}"),
    "crane": ("plan à la grue", "la caméra se déplace sur une grue"),
    "fly-over": ("vue aérienne", "la caméra survole la scène"),
    "handheld": ("caméra à l'épaule", "la caméra à l'épaule tremble un peu | filmé caméra à l'épaule"),
    "arc": ("travelling en arc", "la caméra décrit un arc autour {de}"),
    "truck": ("travelling latéral", "la caméra se déplace de côté | la caméra glisse latéralement"),
    "pull-back": ("travelling arrière", "la caméra recule"),
}


def _polish(text: str) -> str:
    """Elision: l'ours, l'homme, autour de l'oiseau. No noun here begins with an aspirated h."""
    text = re.sub(r"\bdu (?=[aeéioôuœ]|homme)", "de l'", text)
    text = re.sub(r"\bde (?=une? )", "d'", text)
    text = re.sub(r"\bqu'(?=[dtqc0-9])", "que ", text)
    return re.sub(r"\b(l)[ea] (?=[aeéioôuœ]|homme)", r"\1'", text)


FRENCH = Language(
    name="français",
    genders="mf",
    references={"a": "un/une", "le": "le/la", "the": "le {noun}/la {noun}", "de": "du {noun}/de la {noun}"},
    pronouns=("le",),
    polish=_polish,
    plural=plural.FRENCH,
    words={
        "subject": _SUBJECTS,
        **columns(("action", "doing"), _ACTIONS),
        **columns(("place", "crossing", "staying", "above"), _PLACES),
        **columns(("time", "when"), _TIMES),
        **columns(("weather", "amid"), _WEATHERS),
        **columns(("camera", "moves"), _CAMERAS),
        "speed": {
            "slow": "lentement | sans hâte", "normal": "à allure régulière | à un rythme constant",
            "fast": "vite | rapidement | à toute vitesse",
        },
        "direction": {
            "left": "vers la gauche | de droite à gauche", "right": "vers la droite | de gauche à droite",
            "towards": "vers la caméra | vers nous", "away": "en s'éloignant de la caméra | vers le lointain",
        },
        "facing": {
            "left": "tourné vers la gauche/tournée vers la gauche | regardant vers la gauche",
            "right": "tourné vers la droite/tournée vers la droite | regardant vers la droite",
            "towards": "face à la caméra | regardant la caméra", "away": "dos à la caméra",
        },
        "position": {
            "left": "à gauche | à gauche de l'image", "centre": "au centre | au milieu de l'image",
            "right": "à droite | à droite de l'image",
        },
        "size": {
            "small": "petit/petite", "medium": "moyen/moyenne", "large": "grand/grande | énorme",
            "small:person": "de petite taille", "large:person": "de grande taille",
        },
        "colour": {
            "natural": "naturel/naturelle", "red": "rouge", "red:fox": "roux/rousse", "orange": "orange",
            "orange:cat": "roux/rousse", "yellow": "jaune", "green": "vert/verte", "blue": "bleu/bleue",
            "purple": "violet/violette", "white": "blanc/blanche", "black": "noir/noire",
            "brown": "brun/brune | marron", "brown:horse": "brun/brune | bai/baie", "grey": "gris/grise",
            "golden": "doré/dorée", "pink": "rose",
        },
        "material": {
            "natural": "naturel/naturelle", "matte": "mat/mate",
            "glossy": "brillant/brillante | luisant/luisante",
            "metal": "en métal | métallique",
        },
        "occluder": {
            "none": "rien", "tree": "un arbre | un pin | un sapin", "bush": "un buisson",
            "rock": "un rocher | une grosse pierre", "wall": "un mur | un muret | un mur de pierre",
        },
        "framing": {
            "wide": "plan large | en plan large | vue de loin", "medium": "plan moyen | en plan moyen",
            "close": "gros plan | en gros plan | vue de près",
        },
        "height": {
            "low": "contre-plongée | en contre-plongée | au ras du sol",
            "eye": "hauteur des yeux | à hauteur des yeux", "high": "plongée | en plongée | vue d'en haut",
        },
        "look": {
            "natural": "couleurs naturelles | en couleurs naturelles",
            "black-and-white": "noir et blanc | en noir et blanc",
            "clay": "pâte à modeler | en pâte à modeler", "cartoon": "dessin animé | style dessin animé",
            "watercolour": "aquarelle | comme une aquarelle", "neon": "style néon | aux couleurs de néon",
            "paper": "papier découpé | en papier découpé", "sepia": "sépia | en tons sépia",
        },
        "later": {
            "none": "sans accéléré",
            "dawn": "en accéléré jusqu'à l'aube | tandis que l'aube se lève en accéléré",
            "noon": "en accéléré jusqu'à midi | tandis que midi approche en accéléré",
            "sunset": "en accéléré jusqu'au coucher du soleil | tandis que le soleil se couche en accéléré",
            "dusk": "en accéléré jusqu'au crépuscule | tandis que le soir tombe en accéléré",
            "night": "en accéléré jusqu'à la nuit | tandis que la nuit tombe en accéléré",
        },
        "cut": {
            "wide": "puis coupe sur un plan large | puis le film passe à un plan large",
            "medium": "puis coupe sur un plan moyen | puis le film passe à un autre angle",
            "close": "puis coupe sur un gros plan | puis le film passe à un gros plan",
        },
        "light": {
            "dawn": "lumière douce et pâle | lumière rose du matin",
            "noon": "lumière claire et vive | lumière dure et ombres courtes",
            "sunset": "chaude lumière dorée | lumière orangée et ombres longues",
            "dusk": "froide lumière violette | lumière violette qui s'éteint",
            "night": "faible lumière bleutée | pâle lueur argentée",
            "soft": "lumière douce et diffuse | lumière voilée, presque sans ombres",
            "underwater": "lumière bleue venue de la surface | lumière bleu-vert",
        },
        "grey_light": {
            "dawn": "lumière douce et pâle", "noon": "lumière dure et ombres courtes",
            "sunset": "lumière rasante et ombres longues", "dusk": "lumière douce qui s'éteint",
            "night": "faible lumière et ombres profondes", "soft": "lumière douce et diffuse",
            "underwater": "lumière douce venue de la surface",
        },
        "mood": {
            "fast": "ambiance vive | rythme énergique", "fog": "ambiance mystérieuse | atmosphère de rêve",
            "night": "ambiance calme et silencieuse | quiétude nocturne",
            "calm": "ambiance sereine | atmosphère paisible | tout est calme",
        },
        "then": {
            "stand": "s'arrête | s'immobilise",
            "walk": "se met à marcher | part en marchant",
            "walk:run": "ralentit et se met au pas | continue au pas",
            "run": "se met à courir | part en courant",
            "jump": "saute | bondit",
            "turn": "fait demi-tour | se retourne",
            "drive": "démarre | se met à rouler",
        },
        "relation": {
            "none": "sans rapport",
            "left of": "à gauche de {other}",
            "right of": "à droite de {other}",
            "in front of": "devant {other}",
            "behind": "derrière {other}",
            "beside": "à côté de {other}",
            "above": "au-dessus de {other}",
            "chasing": "à la poursuite de {other} | poursuivant {other}",
            "crossing": "passant devant {other} | croisant {other}",
        },
        "near": {
            "near": "à proximité | non loin de là", "aloft": "dans le ciel | en hauteur",
            "left of": "juste à droite", "right of": "juste à gauche", "in front of": "derrière",
            "behind": "devant", "beside": "juste à côté", "above": "en dessous",
        },
        "meets": {
            "collide": "percute {whom} | heurte {whom} | entre en collision avec {whom}",
            "push": "pousse {whom} | pousse {whom} devant soi",
            "stack": "tombe sur {whom} et y reste",
            "topple": "renverse une pile faite d'{whom}",
        },
        "meeting": {
            "collide": "percutant {whom} | heurtant {whom}",
            "push": "poussant {whom}",
            "stack": "tombant sur {whom} pour y rester",
            "topple": "renversant une pile faite d'{whom}",
        },
        "outcome": {
            "over": "le renverse/la renverse | le fait basculer/la fait basculer",
            "away": "le repousse/la repousse | le fait glisser au loin/la fait glisser au loin",
            "away:ball": "le fait rouler/la fait rouler | le fait rouler au loin/la fait rouler au loin",
            "back": "rebondit | repart en arrière",
        },
    },
    patterns={
        "noun": "{a} [{size} ]{noun}[ {colour}][ {material}]",
        "noun:person": "{a} {noun}[ {size}][ {coat}]",
        "bare": "[{size} ]{noun}[ {colour}][ {material}]",
        "bare:person": "{noun}[ {size}][ {coat}]",
        "coat": "en manteau {colour}/m | en veste {colour}/f | avec un manteau {colour}/m",
        "passing": "passant derrière {occluder} | disparaissant un instant derrière {occluder}",
        "company": "tandis qu'{others}",
        "other": "{who} {does} {near}",
        "both": " et ",
        "both:topple": " et d'",
        "and": " et qu'",
        "frame": "{frame} : {sentence}",
        "outcome": "et {after}",
        "then": "puis {after} | et ensuite {after}",
        "then_tag": "puis {doing}",
        "tail": "[, {then}][, {related}][, {facing}][, {side}][, {passing}][, {company}]",
        "terse": "{who} {does}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{who} {doing}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{when}, {who} {does}[ {speed}] {where}[ {heading}][ {weather}]",
        "medium": "{who} {does}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{when}, {who} {does}[ {speed}] {where}[ {heading}][ {weather}] | "
        "{who} {doing}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{when}[ {weather}], {who} {does}[ {speed}][ {heading}] {where}",
        "full": "{who} {does}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "[{when}, ]{who} {does}[ {speed}][ {heading}] {where}[ {weather}] | "
        "[{when}, ]{where}, {who} {does}[ {speed}][ {heading}][ {weather}] | "
        "{weather}, {who} {does}[ {speed}] {where}[ {heading}][ {when}]",
    },
)
