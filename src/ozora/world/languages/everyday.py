"""Words that people use and captions do not: plain function words, other names for what the film set has.

In ``MORE`` the wordings of a value are parted by " | ", as in the data of a language. English verbs and nouns
are given in their base form.
"""

from __future__ import annotations

from collections.abc import Mapping

GLUE: dict[str, str] = {
    "en": "should could would must might may shall did "
    "wearing wears wore had done am i'm let's shot scene card twice once sky "
    "single lone pls please a an the this that these those some its it s their them they he she him her "
    "his there here is are was were be been being has have having do does doing with and or of in on at "
    "by to from for into onto as over under above through across along around near up down out off "
    "while when where which who whose all very really just so too also but like than it's i we you us "
    "me my our your one want make create generate show shows showing see seen sees watch video film "
    "clip movie footage picture image view views looks look looking feels feel filled fill full "
    "everything lies mood air lit throughout happens moves during until till toward towards against "
    "between among behind before after beside next side place time day style painting frame screen "
    "viewer set moment briefly second seconds sec secs long short lasting lasts get gets keep keeps "
    "keeping goes start starts starting begin begins beginning slightly little bit quite almost camera "
    "lens light shadow shadows warm cool soft beautiful cinematic realistic high quality detailed nice "
    "pretty lovely stunning epic 4k hd ultra dramatic himself herself itself themselves own again still "
    "only both each other another any what about beneath below within upon inside outside amid amidst "
    "past ahead back can will gently let lets right left middle centre center part background "
    "foreground far close distant distance world called named kind type sort way more most much many "
    "several few lot lots group pair couple two three four five herd flock pack pod school fleet line",
    "es": "durante segun contra sin ante tras cada otro "
    "otra otros otras mismo misma asi aun ya tambien solo "
    "mientras nada algo alguien todo esos esas aquel aquella mi mis tu tus nuestro "
    "hay han ha fue fueron quiero quisiera querria gustaria ver veo vemos "
    "mostrar muestrame haz hazme hace hacer crea genera "
    "por favor me puedes puede podrias un poco sea ser habia que cual nos gente mira imagina aqui alli "
    "ahi uno dos pelicula grabacion una unos unas el la los las lo le se su sus y e o u de del a al en "
    "con para sobre bajo entre desde hacia hasta quien mientras cuando donde como es son esta estan hay "
    "este esa ese muy mas todo toda todos luz ambiente escena video plano toma camara imagen vista "
    "visto filmada filmado alrededor torno movimiento ritmo calma aire durante segundos segundo",
    "fr": "pendant contre sans selon chaque autre autres "
    "meme aussi encore deja tres peu beaucoup trop rien "
    "quelque quelques mon ma mes ton ta tes notre nos votre vos ont ete etait etaient fut fait je "
    "j aimerais voudrais veux voir vois voit peux peut tu vous filmer filmez filme montre montrez "
    "moi s il te plait fais faites voici voila ca cela imagine la bas petite petit oui merci on y a "
    "genere cree un une des le les l d du de au aux en et ou dans sur sous par pour avec que qu qui "
    "tandis pendant quand comme est sont elle ils elles ce cet cette ces se son sa ses leur leurs tres "
    "plus tout toute lumiere ambiance scene video plan image vue camera film filmee autour vers chez "
    "durant secondes seconde",
    "de": "zwischen neben hinter vor bis ohne gegen um herum "
    "hin her hinein hinaus hinauf hinunter dort hier "
    "jetzt gerade eben schon immer wieder ganz ziemlich "
    "etwas viel viele alle beide jeder diese dieser dieses "
    "welche mein meine dein unser eure ihnen ihm seinem seiner welcher wurde worden "
    "kann soll sollte musste bleibt wird werden ich hatte gern gerne mochte "
    "will bitte zeig zeige mir mal sehen man sieht wie "
    "da dort es gibt mach mache erstelle film filme wir uns du kannst konntest einfach mitten stell vor "
    "dass ob doch noch ein eine einen einem einer eines der die das den dem des er sie ihn ihm ihr sich "
    "und oder in im ins an am auf aus bei beim mit nach von vom zu zum zur uber unter durch fur um als "
    "wahrend wenn wo ist sind war hat haben sein seine seinen ihre sehr mehr alles licht stimmung szene "
    "video aufnahme bild kamera einstellung gefilmt gesehen entlang weg daran dabei dann so auch nur "
    "sekunden sekunde",
    "zh": "来 去 下来 起来 我 想 看 请 给 拍 段 能 不能 吗 吧 可以 做 生成 一段 看到 "
    "里面 时候 种 需要 帮 位于 的 了 着 在 "
    "是 有 和 与 从 到 向 里 中 上 下 这 那 一 个 只 正 地 得 就 也 都 被 把 将 其 它 他 她 们 "
    "镜头 画面 视频 影片 光线 光 风格 并 而 时 后 又 以 及 秒",
    "ja": "になる なる なった なって ところ 見たい 見せて "
    "作って ください 作成 お願い してください ほしい 欲しい ので "
    "とき ころ 頃 続いて 移り変わる まま 落ちて の は が を に で と へ も から まで や な た て だ "
    "です ます いる ある する して した いく くる この その あの ている ていく れる カメラ 映像 動画 画面 "
    "光 雰囲気 中 上 一 つ という ような 秒",
    "hi": "मैं मुझे देखना चाहता चाहती हूँ दिखाओ दिखाइए बनाओ बनाइए कृपया ऐसा ऐसी क्या हो मान लो फिल्म वहाँ "
    "यहाँ बहुत जिसमें एक का की के को में पर से और या है हैं था थी थे हुआ हुई हुए वह वे यह ये जो तो भी "
    "ही रहा रही रहे कर करके जब जबकि तक लिए साथ ओर वाला वाली वाले कैमरा दृश्य वीडियो फ़िल्म रोशनी माहौल "
    "शॉट होता होती अपने बीच सेकंड",
    "ar": "مجموعة يقوم تقوم أريد أرى ان أن اصنع لي أرجو رجاء من فضلك هل يمكن "
    "تصوير ليكن ذلك نرى شاهد اظهر أظهر هناك هنا قد كأن "
    "وهو وهي في على إلى عن مع و أو ثم هذا هذه التي الذي هو هي كان يكون إن بينما حيث كما عند وسط حول نحو "
    "ضوء أجواء مشهد فيديو فيلم صورة لقطة الكاميرا كاميرا كل جدا ثانية ثوان",
}  # fmt: skip
"""Words that only hold others together, by language."""

FRAMES: dict[str, str] = {
    "en": "my kid wants | my kids want | my son wants | "
    "my daughter wants | my boss wants | my wife wants | "
    "my husband wants | my client wants | the client wants | my friend wants | for my kids | for my kid | "
    "for my son | for my daughter | all of it lies | on top of",
    "es": "mi hijo quiere | mi hija quiere | el cliente quiere | mis hijos quieren",
    "fr": "mon fils veut | ma fille veut | mes enfants veulent | le client veut",
    "de": "mein Sohn will | meine Tochter will | mein Kind will | mein Kind möchte | der Kunde will",
    "zh": "我的孩子想看 | 我女儿想看 | 我儿子想看 | 客户想要",
    "ja": "子供が見たがっている | うちの子が",
}
"""Who asks for the film and is not in it, and other words that say nothing only together."""

NOT: dict[str, str] = {
    "en": "no | without | without any | not | never | free of | don't show | do not show | no sign "
    "of | isn't | aren't | empty of | minus | instead of | doesn't | does not | didn't | did not | neither "
    "| nor | wasn't | weren't",
    "es": "sin | no | ningún | ninguna | nunca",
    "fr": "sans | il n'y a | n'y a | pas de | pas d' | aucun | aucune | pas",
    "de": "ohne | kein | keine | keinen | keinem | keiner | nicht",
    "zh": "没有 | 无 | 不要 | 没 | 不",
    "ja": "なし | いない | ない | なしで | のいない | のない",
    "hi": "बिना | नहीं | न",
    "ar": "بدون | بلا | لا | دون | من دون",
}  # fmt: skip
"""What denies the thing named next; in Japanese, and at times in Hindi, the thing named before."""

NEXT: dict[str, str] = {
    "en": "then | and then | first | firstly | secondly "
    "| thirdly | at first | after a while | after this | "
    "afterwards | after that | next | finally | later | before | suddenly | a moment later | in the end | "
    "eventually | after which | second by second",
    "es": "luego | después | entonces | finalmente | por fin | de repente",
    "fr": "puis | ensuite | enfin | soudain | après",
    "de": "dann | danach | anschließend | schließlich | plötzlich",
    "zh": "然后 | 随后 | 接着 | 之后 | 最后 | 突然",
    "ja": "その後 | それから | やがて | そして | 次に | 最後に",
    "hi": "फिर | उसके बाद | इसके बाद | अंत में",
    "ar": "ثم | بعد ذلك | وبعد ذلك | أخيرا | فجأة",
}  # fmt: skip
"""What announces that something comes after something else."""

CAMERA: dict[str, str] = {
    "en": "camera | lens | we | cam",
    "es": "cámara",
    "fr": "caméra",
    "de": "Kamera | Handkamera",
    "zh": "镜头 | 摄像机",
    "ja": "カメラ",
    "hi": "कैमरा | कैमरे",
    "ar": "الكاميرا | كاميرا",
}  # fmt: skip
JOINTS: dict[str, str] = {
    "en": "while | and | as | with | whilst",
    "es": "mientras | y",
    "fr": "tandis que | tandis qu' | et | pendant que",
    "de": "und | während",
    "zh": "和 | 而",
    "ja": "と",
    "hi": "जबकि | और",
    "ar": "بينما | و",
}  # fmt: skip
"""What joins two clauses."""

CUTTING: dict[str, str] = {
    "en": "cut to | cuts to | cut",
    "es": "corte a | se corta a | corte",
    "fr": "coupe sur | passe à | coupe",
    "de": "Schnitt auf | Schnitt",
    "zh": "切到 | 切换为 | 切换到",
    "ja": "に切り替わる | 切り替わる",
    "hi": "कट होकर | कट",
    "ar": "قطع إلى | ينتقل المشهد إلى | قطع",
}  # fmt: skip

LAPSING: dict[str, str] = {
    "en": "time lapse | time-lapse | timelapse | time speeds up",
    "es": "cámara rápida",
    "fr": "accéléré",
    "de": "Zeitraffer",
    "zh": "延时摄影 | 时间流逝",
    "ja": "タイムラプス | 時が流れ",
    "hi": "टाइम-लैप्स | समय तेज़ी से",
    "ar": "التصوير المتسارع | تتعاقب الساعات",
}  # fmt: skip

SECONDS: dict[str, str] = {
    "en": "seconds | second | sec | secs | s | second long",
    "es": "segundos | segundo | s",
    "fr": "secondes | seconde | s",
    "de": "Sekunden | Sekunde | s",
    "zh": "秒 | 秒钟 | s",
    "ja": "秒 | 秒間 | s",
    "hi": "सेकंड | सेकेंड",
    "ar": "ثوان | ثانية | ثواني",
}  # fmt: skip
MINUTES: dict[str, str] = {
    "en": "minute | minutes | min | mins | minute long", "es": "minuto | minutos", "fr": "minute | minutes",
    "de": "Minute | Minuten", "zh": "分钟", "ja": "分間", "hi": "मिनट", "ar": "دقيقة | دقائق",
}  # fmt: skip
NUMBERS: dict[str, tuple[str, ...]] = {
    "en": ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    "es": ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    "fr": ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    "de": ("eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    "zh": ("一", "两", "三", "四", "五", "六", "七", "八", "九", "十"),
    "ja": ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十"),
    "hi": ("एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ", "दस"),
    "ar": ("واحد", "اثنين", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"),
}  # fmt: skip
"""One to ten; what else means a number is in ``MORE`` under "count"."""

MORE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "subject": {
            "dog": "doggo | pup | golden retriever | labrador | husky", "cat": "kitty | tabby",
            "horse": "foal | colt", "fox": "fox cub", "bear": "bear cub | brown bear | polar bear",
            "deer": "fawn | doe | roe deer | reindeer", "rabbit": "bunny rabbit",
            "person": "guy | human | boy | girl | lady | gentleman | walker | kid | child | somebody "
            "| someone | pedestrian | wanderer",
            "bird": "crow | raven | sparrow | birdie", "car": "sports car | sportscar | vehicle",
            "sailboat": "sail boat | sailing ship | sailing yacht", "aeroplane": "aircraft | airliner",
            "rocket": "space rocket", "robot": "humanoid robot | droid", "cube": "wooden block",
            "train": "locomotive | railway", "ball": "marble", "whale": "orca",
        },
        "action": {
            "go": "go | move | travel | head | keep moving | pass | come | cross",
            "stand": "sit | stay | stop | lie | halt | park",
            "walk": "step | hike | march | stalk | prowl",
            "run": "rush | hurry | bolt | charge | speed | scamper | trot", "fly": "hover",
            "jump": "hop | pounce", "spin": "whirl | revolve", "rise": "take off | launch | blast off",
            "drive": "cruise | race | speed", "fall": "tumble down", "turn": "spin around",
            "swim": "splash", "roll": "roll down",
        },
        "place": {
            "snowfield": "snowy landscape | snowy meadow | winter landscape | tundra | snowy",
            "forest": "jungle | wood | pine forest", "dunes": "sahara | desert sand",
            "sea": "high seas | open ocean", "valley": "mountains | the alps | mountain pass | alps",
            "meadow": "field | lawn | prairie | green grass", "beach": "coast | seaside",
            "lake": "pond",
            "underwater": "deep sea | sea floor | ocean floor | under the sea | under water",
            "moon": "lunar surface | on the moon", "street": "road | avenue | city | town | highway",
            "night city": "tokyo at night | neon street | neon city street",
            "room": "bedroom | indoors | kitchen", "canyon": "grand canyon",
            "tabletop": "kitchen table | table top", "savannah": "serengeti",
        },
        "time": {
            "dawn": "morning | sun rises | sunup",
            "noon": "day | daylight | afternoon | sunny day | sunny",
            "sunset": "sunset light | sun sets | setting sun | golden light",
            "dusk": "late evening | gloaming",
            "night": "nite | midnight | moonlit | moonlight | nocturnal | dark",
        },
        "weather": {
            "rain": "rains | rainstorm | shower", "fog": "hazy | mists", "storm": "tempest",
            "snow": "blizzard | snowstorm | it snows | snowing | snowy weather",
            "cloud": "cloud | grey clouds | gray clouds",
            "clear": "blue sky | clear skies | cloudless sky",
        },
        "colour": {
            "red": "reddish | ruby", "blue": "bluish | navy", "green": "greenish", "golden": "gold",
            "grey": "silver", "brown": "brownish", "pink": "pinkish", "purple": "lilac",
            "white": "snow-white | whitish",
        },
        "size": {
            "small": "mini | miniature", "large": "giant | gigantic | enormous | massive",
        },
        "speed": {
            "slow": "leisurely | lazily | in slow motion",
            "fast": "rapidly | speedily | hastily | very fast | at top speed",
        },
        "direction": {
            "left": "towards the left | leftward | left | right to left",
            "right": "towards the right | rightward | right | left to right",
            "towards": "at the camera | toward the camera",
            "away": "into the horizon | off into the distance",
        },
        "camera": {
            "pan": "pan left | pan right | camera turns to | camera swings | panning",
            "follow": "followed by the camera | tracking camera | follow cam | follow shot",
            "dolly": "push in | dolly in | dolly forward | camera approaches | camera goes forwards "
            "| camera goes forward | slow push in",
            "orbit": "orbit shot | 360 shot | orbiting | camera goes around | camera goes round | "
            "camera flies around",
            "zoom": "slow zoom | zooming in",
            "fly-over": "aerial | drone | bird's-eye flight | aerial view | drone footage",
            "pull-back": "zoom out | pulling back | camera zooms out",
            "static": "tripod shot | static shot | locked camera",
            "tilt": "camera tilts up | camera tilts down", "handheld": "handheld footage | hand held",
        },
        "framing": {
            "wide": "wide angle | establishing shot | panorama",
            "close": "closeup | extreme close-up | close up",
        },
        "height": {
            "high": "bird's-eye view | top-down | overhead shot", "low": "worm's-eye view",
        },
        "look": {
            "black-and-white": "b&w | noir | film noir | greyscale | grayscale",
            "cartoon": "anime | comic book", "watercolour": "watercolor painting | aquarelle",
            "clay": "stop motion clay | plasticine", "paper": "origami | paper cutout | papercut",
            "neon": "neon style", "sepia": "vintage photo",
        },
        "count": {
            "2": "pair of | couple of | both", "12": "twelve | dozen | dozen of", "15": "fifteen",
            "20": "twenty", "24": "dozens of", "30": "thirty", "60": "sixty", "100": "hundred",
            "200": "hundreds of",
        },
    },
    "es": {
        "subject": {
            "dog": "perrito", "person": "niño | niña | chico | chica", "car": "carro",
            "sailboat": "barco", "ball": "balón",
        },
        "action": {
            "go": "va | van | se mueve", "run": "corriendo", "walk": "caminar",
        },
        "place": {
            "snowfield": "nieve | campo de nieve", "sea": "océano | agua", "forest": "selva",
            "street": "ciudad | carretera", "dunes": "desierto | arena | dunas",
            "meadow": "prado | hierba | campo", "valley": "montañas", "room": "cuarto", "moon": "luna",
            "beach": "costa",
        },
        "time": {
            "sunset": "atardecer | ocaso", "noon": "día", "dawn": "mañana", "night": "noche",
        },
        "weather": {
            "rain": "lloviendo | llueve", "snow": "nevando", "fog": "neblina", "storm": "tormenta",
            "cloud": "nublado",
        },
        "count": {
            "1": "un | una",
        },
    },
    "fr": {
        "subject": {
            "person": "garçon | fille | enfant", "sailboat": "bateau", "ball": "ballon",
            "dog": "toutou",
        },
        "action": {
            "go": "va | vont",
        },
        "place": {
            "snowfield": "neige", "sea": "océan", "forest": "bois | jungle", "street": "ville | route",
            "dunes": "désert | sable | dunes", "meadow": "herbe | pré | champ", "valley": "montagnes",
            "moon": "lune", "room": "chambre | salon",
        },
        "time": {
            "noon": "jour", "dawn": "matin", "night": "nuit", "dusk": "soir",
            "sunset": "coucher de soleil",
        },
        "weather": {
            "rain": "il pleut", "snow": "il neige", "fog": "brume",
        },
        "count": {
            "1": "un | une",
        },
    },
    "de": {
        "subject": {
            "person": "Junge | Mädchen | Kind | Mensch", "sailboat": "Boot | Schiff", "dog": "Welpe",
            "aeroplane": "Flieger",
        },
        "action": {
            "go": "bewegt sich", "run": "rast",
        },
        "place": {
            "snowfield": "Schnee", "sea": "Ozean", "street": "Stadt", "dunes": "Wüste | Sand",
            "meadow": "Gras | Feld", "valley": "Berge | Tal", "moon": "Mond",
            "forest": "Wald | Dschungel", "room": "Raum",
        },
        "time": {
            "noon": "Tag", "dawn": "Morgen", "dusk": "Abend", "night": "nächtlich",
        },
        "weather": {
            "rain": "es regnet", "snow": "es schneit", "storm": "Sturm", "cloud": "bewölkt",
        },
        "count": {
            "1": "ein | eine | einen | einem | einer",
        },
    },
    "zh": {
        "subject": {
            "person": "男孩 | 女孩 | 孩子", "sailboat": "船", "car": "车",
        },
        "action": {
            "run": "奔跑 | 跑", "walk": "走 | 行走 | 散步", "fly": "飞", "jump": "跳", "stand": "站",
            "swim": "游泳 | 游",
        },
        "place": {
            "snowfield": "雪 | 雪地 | 雪原", "sea": "大海 | 海", "forest": "森林 | 树林",
            "street": "街道 | 城市 | 马路", "dunes": "沙漠", "meadow": "草原 | 草地",
            "valley": "山 | 群山", "moon": "月球 | 月亮上", "beach": "沙滩",
        },
        "time": {
            "night": "夜 | 晚上", "dawn": "早晨 | 早上 | 日出", "noon": "白天", "sunset": "日落 | 夕阳",
            "dusk": "黄昏",
        },
        "weather": {
            "rain": "下雨", "snow": "下雪 | 雪花", "fog": "雾",
        },
        "size": {
            "small": "小小的", "large": "大",
        },
        "colour": {
            "red": "红", "blue": "蓝", "green": "绿", "yellow": "黄", "white": "白", "black": "黑",
            "pink": "粉红色的 | 粉红色",
        },
    },
    "ja": {
        "subject": {
            "dog": "子犬 | いぬ", "cat": "子猫 | ねこ", "person": "男の子 | 女の子 | 子供",
            "sailboat": "船",
        },
        "action": {
            "run": "走る | 走って", "walk": "歩く | 歩いて", "fly": "飛ぶ | 飛んで",
            "jump": "跳ぶ | 跳ねる", "swim": "泳ぐ",
        },
        "place": {
            "snowfield": "雪 | 雪原", "sea": "海", "forest": "森", "street": "街 | 道路",
            "dunes": "砂漠", "moon": "月", "meadow": "野原", "valley": "山", "room": "部屋",
        },
        "time": {
            "night": "夜", "dawn": "朝", "noon": "昼", "sunset": "夕日 | 夕焼け", "dusk": "夕方",
        },
        "weather": {
            "rain": "雨", "fog": "霧", "snow": "雪が降る",
        },
    },
    "hi": {
        "subject": {
            "person": "लड़का | लड़की | बच्चा", "sailboat": "नाव",
        },
        "place": {
            "snowfield": "बर्फ़", "street": "शहर | सड़क", "valley": "पहाड़", "dunes": "रेगिस्तान | रेत",
            "moon": "चाँद",
        },
        "time": {
            "noon": "दिन", "dawn": "सुबह", "night": "रात", "dusk": "शाम", "sunset": "सूर्यास्त",
        },
        "weather": {
            "rain": "बारिश", "fog": "धुंध",
        },
        "count": {
            "1": "एक",
        },
    },
    "ar": {
        "subject": {
            "person": "ولد | بنت | طفل", "sailboat": "قارب",
        },
        "place": {
            "snowfield": "ثلج", "street": "شارع | مدينة", "dunes": "صحراء | رمال", "valley": "جبال",
            "moon": "قمر", "meadow": "عشب | مرج", "sea": "بحر",
        },
        "time": {
            "noon": "نهار", "dawn": "صباح", "night": "ليل", "dusk": "مساء", "sunset": "غروب",
        },
        "weather": {
            "rain": "مطر", "fog": "ضباب", "snow": "ثلج متساقط",
        },
        "count": {
            "2": "زوج من",
        },
    },
}  # fmt: skip
