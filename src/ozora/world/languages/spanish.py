"""Spanish: two genders; adjectives of size go before the noun, the others after it."""

from __future__ import annotations

from ozora.world.languages import plural
from ozora.world.languages.lexicon import Language, columns

_SUBJECTS = {
    "fox": "zorro/m", "horse": "caballo/m | yegua/f | corcel/m", "wolf": "lobo/m",
    "dog": "perro/m | sabueso/m",
    "cat": "gato/m | gatito/m", "deer": "ciervo/m | venado/m", "bear": "oso/m",
    "rabbit": "conejo/m | liebre/f",
    "elephant": "elefante/m", "giraffe": "jirafa/f", "bird": "pájaro/m | gaviota/f",
    "person": "persona/f | figura/f | caminante/m | viajero/m | hombre/m | mujer/f",
    "ball": "pelota/f | bola/f | esfera/f", "cube": "cubo/m | bloque/m | caja/f",
    "balloon": "globo aerostático/m | globo/m", "sailboat": "velero/m | barco de vela/m",
    "car": "coche/m | automóvil/m", "truck": "camión/m", "train": "tren/m", "aeroplane": "avión/m",
    "rocket": "cohete/m", "fish": "pez/m", "whale": "ballena/f", "dolphin": "delfín/m", "robot": "robot/m",
    "butterfly": "mariposa/f", "eagle": "águila/f", "cone": "cono/m", "cylinder": "cilindro/m",
    "ring": "anillo/m | aro/m",
}  # fmt: skip

_ACTIONS = {  # finite; gerund
    "stand": ("está quieto/está quieta | permanece inmóvil | espera", "quieto/quieta | esperando"),
    "walk": ("camina | anda", "caminando | andando"),
    "walk:person": ("camina | pasea | anda", "caminando | paseando"),
    "run": ("corre", "corriendo"),
    "run:horse": ("galopa | corre", "galopando | corriendo"),
    "fly": ("vuela | planea", "volando | planeando"),
    "roll": ("rueda", "rodando"),
    "bounce": ("rebota | bota", "rebotando | botando"),
    "spin": ("gira | da vueltas", "girando | dando vueltas"),
    "slide": ("se desliza", "deslizándose"),
    "rise": ("asciende | se eleva | sube", "ascendiendo | elevándose"),
    "drift": ("flota | va a la deriva", "flotando | a la deriva"),
    "sail": ("navega | avanza a vela", "navegando"),
    "drive": ("circula | avanza", "circulando"),
    "swim": ("nada", "nadando"),
    "jump": ("salta | da un salto", "saltando"),
    "fall": ("cae", "cayendo"),
    "turn": ("da la vuelta | se da la vuelta", "dando la vuelta"),
    "collide": ("choca", "chocando"),
    "tumble": ("da tumbos | da vueltas de campana", "dando tumbos"),
    "push": ("empuja", "empujando"),
    "stack": ("se posa encima", "posándose encima"),
    "topple": ("derriba una pila", "derribando una pila"),
}

_PLACES = {  # plain; crossing; staying; above
    "snowfield": ("campo nevado", "por la nieve | por un campo nevado | a través de un campo nevado",
                  "en la nieve | en un campo nevado", "sobre la nieve | sobre un campo nevado"),
    "meadow": ("pradera", "por un prado | por una pradera verde | por la hierba | a través de un prado",
               "en un prado | en la hierba | en una pradera", "sobre un prado | sobre una pradera verde"),
    "dunes": ("dunas del desierto", "por las dunas | por la arena | a través del desierto",
              "en las dunas | en el desierto | en la arena", "sobre las dunas | sobre el desierto"),
    "sea": ("mar", "por el mar | sobre las olas | por el océano", "en el mar | en el océano",
            "sobre el mar | sobre el océano"),
    "tabletop": ("mesa", "por una mesa | sobre una mesa de madera", "en una mesa | sobre una mesa de madera",
                 "por encima de una mesa"),
    "forest": ("bosque", "por un bosque | a través del bosque", "en un bosque | en medio del bosque",
               "sobre un bosque"),
    "savannah": ("sabana", "por la sabana | por una sabana dorada", "en la sabana", "sobre la sabana"),
    "valley": ("valle de montaña", "por un valle de montaña | por un valle entre montañas",
               "en un valle de montaña | en un valle entre montañas", "sobre un valle de montaña"),
    "canyon": ("cañón rojo", "por un cañón rojo | a través de un cañón", "en un cañón rojo | en un cañón",
               "sobre un cañón rojo"),
    "beach": ("playa", "por la playa | por una playa de arena", "en la playa | en una playa de arena",
              "sobre una playa"),
    "lake": ("lago", "por un lago | sobre un lago en calma", "en un lago | en un lago en calma",
             "sobre un lago"),
    "underwater": ("fondo del mar", "bajo el agua | por el fondo del mar",
                   "bajo el agua | en el fondo del mar",
                   "sobre el fondo del mar"),
    "moon": ("superficie de la luna", "por la superficie de la luna",
             "en la luna | en la superficie de la luna",
             "sobre la superficie de la luna"),
    "street": ("calle de ciudad", "por una calle | por una calle de la ciudad", "en una calle de la ciudad",
               "sobre una calle de la ciudad"),
    "night city": ("ciudad de neón", "por una ciudad de luces | por una calle de neones",
                   "en una ciudad de luces | en una calle de neones", "sobre una ciudad de luces"),
    "room": ("habitación", "por una habitación | por un salón", "en una habitación | en un salón",
             "en una habitación"),
}  # fmt: skip

_TIMES = {
    "dawn": ("amanecer", "al amanecer | al alba | a primera hora de la mañana"),
    "noon": ("mediodía", "al mediodía | a plena luz del día"),
    "sunset": ("puesta de sol", "a la puesta de sol | con el sol poniente | en la hora dorada"),
    "dusk": ("anochecer", "al anochecer | en el crepúsculo"),
    "night": ("noche", "de noche | por la noche | a la luz de la luna"),
}
_WEATHERS = {
    "clear": ("cielo despejado", "bajo un cielo despejado | con tiempo despejado"),
    "fog": ("niebla", "entre la niebla | en la niebla | envuelto en niebla/envuelta en niebla"),
    "snow": ("nevada", "bajo la nieve que cae | mientras nieva | bajo una nevada"),
    "cloud": ("cielo nublado", "bajo un cielo nublado"),
    "rain": ("lluvia", "bajo la lluvia | mientras llueve"),
    "storm": ("tormenta", "bajo una tormenta | en plena tormenta"),
    "aurora": ("aurora boreal", "bajo una aurora boreal | bajo la aurora boreal"),
}
_CAMERAS = {
    "static": ("cámara fija", "la cámara permanece fija | la cámara no se mueve"),
    "pan": ("panorámica", "la cámara hace una panorámica | la cámara gira hacia un lado"),
    "dolly": ("travelling de avance", "la cámara avanza | la cámara se acerca"),
    "orbit": ("cámara orbital", "la cámara gira alrededor {del} | la cámara orbita en torno {al}"),
    "follow": ("plano de seguimiento",
               "la cámara {lo} sigue | la cámara sigue {al} | la cámara acompaña {al}"),
    "tilt": ("barrido vertical", "la cámara se inclina en vertical"),
    "tilt:up": ("barrido hacia arriba", "la cámara se inclina hacia arriba"),
    "tilt:down": ("barrido hacia abajo", "la cámara se inclina hacia abajo"),
    "crane:up": ("plano de grúa ascendente", "la cámara sube | la cámara se eleva"),
    "crane:down": ("plano de grúa descendente", "la cámara baja | la cámara desciende"),
    "zoom": ("zoom", "la cámara se acerca con el zoom | zoom hacia {el}"),
    "crane": ("plano de grúa", "la cámara se mueve en una grúa"),
    "fly-over": ("vista aérea", "la cámara sobrevuela la escena"),
    "handheld": ("cámara en mano", "la cámara en mano tiembla un poco | imagen filmada cámara en mano"),
    "arc": ("travelling en arco", "la cámara traza un arco en torno {al}"),
    "truck": ("travelling lateral", "la cámara se desplaza hacia un lado"),
    "pull-back": ("travelling de retroceso", "la cámara retrocede | la cámara se aleja"),
}


def _polish(text: str) -> str:
    """A feminine noun that begins with a stressed a takes the masculine article."""
    for wrong, right in (("una á", "un á"), ("a la á", "al á"), ("de la á", "del á"), ("la á", "el á")):
        text = text.replace(wrong, right)
    return text


SPANISH = Language(
    name="español",
    genders="mf",
    references={
        "el": "el {noun}/la {noun}",
        "a": "un/una", "lo": "lo/la", "al": "al {noun}/a la {noun}", "del": "del {noun}/de la {noun}",
    },
    pronouns=("lo",),
    polish=_polish,
    plural=plural.SPANISH,
    words={
        "subject": _SUBJECTS,
        **columns(("action", "doing"), _ACTIONS),
        **columns(("place", "crossing", "staying", "above"), _PLACES),
        **columns(("time", "when"), _TIMES),
        **columns(("weather", "amid"), _WEATHERS),
        **columns(("camera", "moves"), _CAMERAS),
        "speed": {
            "slow": "lentamente | despacio | sin prisa",
            "normal": "a ritmo constante | a velocidad constante",
            "fast": "rápidamente | deprisa | a toda velocidad",
        },
        "direction": {
            "left": "hacia la izquierda | de derecha a izquierda",
            "right": "hacia la derecha | de izquierda a derecha",
            "towards": "hacia la cámara | hacia nosotros",
            "away": "alejándose de la cámara | hacia la lejanía",
        },
        "facing": {
            "left": "mirando hacia la izquierda", "right": "mirando hacia la derecha",
            "towards": "mirando a la cámara | de cara a la cámara", "away": "de espaldas a la cámara",
        },
        "position": {
            "left": "a la izquierda | a la izquierda del encuadre",
            "centre": "en el centro | en el centro del encuadre",
            "right": "a la derecha | a la derecha del encuadre",
        },
        "size": {
            "small": "pequeño/pequeña", "medium": "mediano/mediana", "large": "gran | enorme",
            "small:person": "bajo/baja | de baja estatura", "large:person": "alto/alta",
        },
        "colour": {
            "natural": "natural", "red": "rojo/roja", "red:fox": "rojo/roja | rojizo/rojiza",
            "orange": "naranja | anaranjado/anaranjada", "yellow": "amarillo/amarilla", "green": "verde",
            "blue": "azul", "purple": "morado/morada | violeta", "white": "blanco/blanca",
            "black": "negro/negra", "brown": "marrón", "brown:horse": "marrón | castaño/castaña",
            "grey": "gris", "golden": "dorado/dorada", "pink": "rosa | rosado/rosada",
        },
        "material": {
            "natural": "natural", "matte": "mate", "glossy": "brillante | reluciente",
            "metal": "de metal | metálico/metálica",
        },
        "occluder": {
            "none": "nada", "tree": "un árbol | un pino | un abeto", "bush": "un arbusto",
            "rock": "una roca | una gran piedra", "wall": "un muro | un muro bajo | un muro de piedra",
        },
        "framing": {
            "wide": "plano general | en plano general | vista desde lejos",
            "medium": "plano medio | en plano medio",
            "close": "primer plano | en primer plano | vista de cerca",
        },
        "height": {
            "low": "ángulo bajo | desde un ángulo bajo | en contrapicado",
            "eye": "altura de los ojos | a la altura de los ojos",
            "high": "ángulo alto | desde arriba | en picado",
        },
        "look": {
            "natural": "colores naturales | en colores naturales",
            "black-and-white": "blanco y negro | en blanco y negro",
            "clay": "animación de plastilina | en plastilina",
            "cartoon": "dibujos animados | estilo de dibujos animados",
            "watercolour": "acuarela | como una acuarela", "neon": "estilo neón | con luces de neón",
            "paper": "papel recortado | en papel recortado", "sepia": "tonos sepia | en tonos sepia",
        },
        "later": {
            "none": "sin paso del tiempo",
            "dawn": "en cámara rápida hasta el alba | mientras amanece en cámara rápida",
            "noon": "en cámara rápida hasta el mediodía | mientras llega el mediodía en cámara rápida",
            "sunset": "en cámara rápida hasta la puesta de sol | mientras se pone el sol en cámara rápida",
            "dusk": "en cámara rápida hasta el crepúsculo | mientras atardece en cámara rápida",
            "night": "en cámara rápida hasta la noche | mientras anochece en cámara rápida",
        },
        "cut": {
            "wide": "luego un corte a un plano general | después se corta a un plano general",
            "medium": "luego un corte a un plano medio | después se corta a otro ángulo",
            "close": "luego un corte a un primer plano | después se corta a un primer plano",
        },
        "light": {
            "dawn": "luz suave y pálida | luz rosada de la mañana",
            "noon": "luz clara y brillante | luz dura y sombras cortas",
            "sunset": "cálida luz dorada | luz anaranjada y sombras largas",
            "dusk": "fría luz violeta | luz violeta que se apaga",
            "night": "tenue luz azulada | débil luz plateada",
            "soft": "luz suave y difusa | luz apagada y sin sombras",
            "underwater": "luz azul que llega desde la superficie | luz verdosa y azulada",
        },
        "grey_light": {
            "dawn": "luz suave y pálida", "noon": "luz dura y sombras cortas",
            "sunset": "luz baja y sombras largas", "dusk": "luz suave que se apaga",
            "night": "luz tenue y sombras profundas", "soft": "luz suave y difusa",
            "underwater": "luz suave que llega desde la superficie",
        },
        "mood": {
            "fast": "ambiente animado | ritmo enérgico", "fog": "ambiente misterioso | aire de ensueño",
            "night": "ambiente tranquilo y silencioso | quietud nocturna",
            "calm": "ambiente sereno | atmósfera apacible | todo en calma",
        },
        "then": {
            "stand": "se detiene | se para",
            "walk": "echa a andar | empieza a caminar",
            "walk:run": "sigue al paso | sigue andando",
            "run": "echa a correr | empieza a correr",
            "jump": "salta | da un salto",
            "turn": "da la vuelta | se da la vuelta",
            "drive": "arranca | se pone en marcha",
        },
        "relation": {
            "none": "sin relación",
            "left of": "a la izquierda de {other}",
            "right of": "a la derecha de {other}",
            "in front of": "delante de {other}",
            "behind": "detrás de {other}",
            "beside": "al lado de {other} | junto a {other}",
            "above": "por encima de {other} | sobre {other}",
            "chasing": "persiguiendo a {other} | detrás de {other}, en plena persecución",
            "crossing": "pasando por delante de {other} | cruzándose con {other}",
        },
        "near": {
            "near": "cerca | no muy lejos", "aloft": "en el cielo | en lo alto",
            "left of": "a su derecha", "right of": "a su izquierda", "in front of": "detrás",
            "behind": "delante", "beside": "al lado", "above": "debajo",
        },
        "meets": {
            "collide": "choca con {whom} | se estrella contra {whom} | golpea {whom}",
            "push": "empuja {whom} | va empujando {whom}",
            "stack": "cae sobre {whom} y se queda encima",
            "topple": "derriba una pila con {whom} | tira una pila con {whom}",
        },
        "meeting": {
            "collide": "chocando con {whom}",
            "push": "empujando {whom}",
            "stack": "cayendo sobre {whom} y quedándose encima",
            "topple": "derribando una pila con {whom}",
        },
        "outcome": {
            "over": "lo derriba/la derriba | lo vuelca/la vuelca",
            "away": "lo empuja lejos/la empuja lejos | lo hace deslizarse/la hace deslizarse",
            "away:ball": "lo hace rodar/la hace rodar | lo manda rodando/la manda rodando",
            "back": "rebota | retrocede de rebote",
        },
    },
    patterns={
        "noun": "{a} [{size} ]{noun}[ {colour}][ {material}]",
        "noun:person": "{a} {noun}[ {size}][ {coat}]",
        "bare": "[{size} ]{noun}[ {colour}][ {material}]",
        "bare:person": "{noun}[ {size}][ {coat}]",
        "coat": "con un abrigo {colour}/m | con una chaqueta {colour}/f",
        "passing": "pasando detrás de {occluder} | desapareciendo un momento detrás de {occluder}",
        "company": "mientras {others}",
        "other": "{who} {does} {near}",
        "both": " y ",
        "and": " y ",
        "outcome": "y {after}",
        "then": "y luego {after} | y después {after}",
        "then_tag": "luego {doing}",
        "tail": "[ {then}][, {related}][, {facing}][, {side}][, {passing}][, {company}]",
        "terse": "{who} {does}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{who} {doing}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "{when}, {who} {does}[ {speed}][ {heading}] {where}[ {weather}]",
        "medium": "{who} {does}[ {speed}][ {heading}] {where}[ {when}][ {weather}] | "
        "{when}, {who} {does}[ {speed}] {where}[ {heading}][ {weather}] | "
        "[{when}, ]{where} {does}[ {speed}] {who}[ {heading}][ {weather}] | "
        "{who} {doing}[ {speed}] {where}[ {heading}][ {when}][ {weather}]",
        "full": "{who} {does}[ {speed}] {where}[ {heading}][ {when}][ {weather}] | "
        "[{when}, ]{who} {does}[ {speed}][ {heading}] {where}[ {weather}] | "
        "[{when}, ]{where} {does}[ {speed}] {who}[ {heading}][ {weather}] | "
        "{weather}, {who} {does}[ {speed}] {where}[ {heading}][ {when}]",
    },
)
