"""Japanese: particles after the noun, the verb at the end, and a counter for each kind of thing."""

from __future__ import annotations

from ozora.world.languages import plural
from ozora.world.languages.lexicon import Language, columns

_SUBJECTS = {  # noun and its counter
    "fox": "狐/一匹の | キツネ/一匹の", "horse": "馬/一頭の", "wolf": "狼/一頭の | オオカミ/一頭の",
    "dog": "犬/一匹の", "cat": "猫/一匹の | ネコ/一匹の", "deer": "鹿/一頭の | シカ/一頭の",
    "bear": "熊/一頭の | クマ/一頭の", "rabbit": "兎/一羽の | ウサギ/一羽の",
    "elephant": "象/一頭の | ゾウ/一頭の",
    "giraffe": "キリン/一頭の", "bird": "鳥/一羽の | カモメ/一羽の",
    "person": "人/一人の | 人物/一人の | 旅人/一人の | 男性/一人の | 女性/一人の",
    "ball": "ボール/一つの | 球/一つの", "cube": "立方体/一つの | 箱/一つの",
    "balloon": "熱気球/一つの | 気球/一つの",
    "sailboat": "帆船/一隻の | ヨット/一隻の", "car": "車/一台の | 自動車/一台の", "truck": "トラック/一台の",
    "train": "列車/一本の | 電車/一本の", "aeroplane": "飛行機/一機の", "rocket": "ロケット/一基の",
    "fish": "魚/一匹の", "whale": "クジラ/一頭の | 鯨/一頭の", "dolphin": "イルカ/一頭の",
    "robot": "ロボット/一体の",
    "butterfly": "蝶/一匹の", "eagle": "鷲/一羽の | ワシ/一羽の", "cone": "円錐/一つの",
    "cylinder": "円柱/一つの",
    "ring": "輪/一つの | リング/一つの",
}  # fmt: skip

_ACTIONS = {  # at the end of a sentence; before a noun
    "stand": ("立っている | じっと立っている | 立ち止まっている", "立つ | たたずむ"),
    **dict.fromkeys(("stand:car", "stand:truck", "stand:train"), ("停まっている | 停車している", "停まる")),
    "walk": ("歩いている | 歩いていく", "歩く"),
    "run": ("走っている | 駆けている | 走っていく", "走る | 駆ける"),
    "fly": ("飛んでいる | 舞っている", "飛ぶ | 舞う"),
    "fly:aeroplane": ("飛んでいる | 飛行している", "飛ぶ"),
    "roll": ("転がっている | 転がっていく", "転がる"),
    "bounce": ("弾んでいる | 跳ねている", "弾む | 跳ねる"),
    "spin": ("回っている | 回転している", "回る | 回転する"),
    "slide": ("滑っている | 滑っていく", "滑る"),
    "rise": ("昇っていく | 上昇していく", "昇る | 上昇する"),
    "drift": ("漂っている | 流れていく", "漂う"),
    "sail": ("帆走している | 進んでいる", "帆走する | 進む"),
    "drive": ("走っている", "走る"),
    "swim": ("泳いでいる", "泳ぐ"),
    "jump": ("跳んでいる | ジャンプしている", "跳ぶ | ジャンプする"),
    "fall": ("落下している", "落下する"),
    "turn": ("向きを変えている | ぐるりと回っている", "向きを変える | ぐるりと回る"),
    "collide": ("衝突している | ぶつかっている", "衝突する | ぶつかる"),
    "tumble": ("転げている | ごろごろ転がっている", "転げる | ごろごろ転がる"),
    "push": ("押している", "押す"),
    "stack": ("積み重なっている", "積み重なる"),
    "topple": ("積み木を倒している", "積み木を倒す"),
}

_PLACES = {  # plain; the ground; the air above it
    "snowfield": ("雪原", "雪原 | 雪の野原 | 雪の上", "雪原の上空"),
    "meadow": ("草原", "草原 | 緑の草原 | 草の上", "草原の上空"),
    "dunes": ("砂丘", "砂丘 | 砂漠 | 砂の上", "砂丘の上空 | 砂漠の上空"),
    "sea": ("海", "海の上 | 海原 | 波の上", "海の上空"),
    "tabletop": ("テーブル", "テーブルの上 | 机の上 | 木の机の上", "テーブルの上"),
    "forest": ("森", "森の中 | 森", "森の上空"),
    "savannah": ("サバンナ", "サバンナ | 広いサバンナ", "サバンナの上空"),
    "valley": ("山の谷", "山の谷 | 山あいの谷", "山の谷の上空"),
    "canyon": ("赤い峡谷", "峡谷 | 赤い峡谷", "峡谷の上空"),
    "beach": ("浜辺", "浜辺 | 砂浜", "浜辺の上空"),
    "lake": ("湖", "湖の上 | 静かな湖の上", "湖の上空"),
    "underwater": ("海の底", "海の底 | 水の中", "海の底の上"),
    "moon": ("月面", "月面 | 月の上", "月面の上空"),
    "street": ("街の通り", "街の通り | 通り", "街の通りの上空"),
    "night city": ("光の街", "光の街 | ネオンの通り", "光の街の上空"),
    "room": ("部屋", "部屋の中 | 部屋", "部屋の中"),
}


def _with(particle: str, column: int) -> dict[str, str]:
    """Every place with a particle after each of its wordings."""
    return {place: row[column].replace(" | ", f"{particle} | ") + particle for place, row in _PLACES.items()}


_TIMES = {
    "dawn": ("夜明け", "夜明けに | 早朝に | 明け方に"),
    "noon": ("真昼", "正午に | 真昼に | 明るい昼間に"),
    "sunset": ("日没", "日没時に | 夕日の中 | 夕焼けの中"),
    "dusk": ("夕暮れ", "夕暮れ時に | たそがれ時に | 薄暮の中"),
    "night": ("夜", "夜に | 夜の闇の中 | 月明かりの下"),
}
_WEATHERS = {
    "clear": ("晴天", "晴れた空の下 | 雲一つない空の下"),
    "fog": ("霧", "霧の中 | 深い霧の中"),
    "snow": ("降る雪", "雪が降る中 | 舞い落ちる雪の中"),
    "cloud": ("曇り空", "曇り空の下"),
    "rain": ("雨", "雨の中 | 雨が降る中"),
    "storm": ("嵐", "嵐の中 | 雷雨の中"),
    "aurora": ("オーロラ", "オーロラの下"),
}
_CAMERAS = {
    "static": ("固定カメラ", "カメラは動かない | カメラは固定されている"),
    "pan": ("パン", "カメラが横にパンする | カメラが横を向いていく"),
    "dolly": ("ドリーイン", "カメラが前へ進む | カメラが近づいていく"),
    "orbit": ("回り込み撮影", "カメラが{noun}の周りを回る | カメラが周囲を回る"),
    "follow": ("追従撮影", "カメラが{noun}を追う | カメラが後を追う"),
    "tilt": ("ティルト", "カメラが縦に動く"),
    "tilt:up": ("ティルトアップ", "カメラが上を向いていく"),
    "tilt:down": ("ティルトダウン", "カメラが下を向いていく"),
    "crane:up": ("クレーンアップ", "カメラが上へ昇っていく"),
    "crane:down": ("クレーンダウン", "カメラが下へ降りていく"),
    "zoom": ("ズームイン", "カメラがズームインする | カメラが{noun}にズームインする"),
    "crane": ("クレーン撮影", "カメラがクレーンで動く"),
    "fly-over": ("空撮", "カメラが上空を飛んでいく"),
    "handheld": ("手持ちカメラ", "手持ちカメラが少し揺れる"),
    "arc": ("弧を描く撮影", "カメラが{noun}の周りに弧を描く"),
    "truck": ("横移動撮影", "カメラが横へ移動する | カメラが横へ滑っていく"),
    "pull-back": ("ドリーアウト", "カメラが後ろへ下がる | カメラが遠ざかる"),
}

JAPANESE = Language(
    name="日本語",
    comma="、",
    full_stop="。",
    run_on="。",
    spaced=False,
    plural=plural.JAPANESE,
    words={
        "subject": _SUBJECTS,
        **columns(("action", "doing"), _ACTIONS),
        **columns(("place",), _PLACES),
        "crossing": _with("を", 1), "staying": _with("で", 1), "stand": _with("に", 1),
        "above": _with("を", 2), "rise": _with("へ", 2),
        **columns(("time", "when"), _TIMES),
        **columns(("weather", "amid"), _WEATHERS),
        **columns(("camera", "moves"), _CAMERAS),
        "speed": {
            "slow": "ゆっくりと | ゆったりと", "normal": "一定の速さで | 一定の調子で",
            "fast": "素早く | 勢いよく | 全速力で",
        },
        "direction": {
            "left": "左へ | 右から左へ", "right": "右へ | 左から右へ",
            "towards": "カメラに向かって | こちらに向かって", "away": "遠くへ | カメラから離れる方へ",
        },
        "facing": {
            "left": "左を向いて", "right": "右を向いて", "towards": "カメラの方を向いて | こちらを向いて",
            "away": "カメラに背を向けて | 向こうを向いて",
        },
        "position": {
            "left": "画面の左側 | 画面の左", "centre": "画面の中央 | 画面の真ん中",
            "right": "画面の右側 | 画面の右",
        },
        "size": {
            "small": "小さな | 小さい", "medium": "中くらいの", "large": "大きな | 大きい | 巨大な",
            "small:person": "小柄な | 背の低い", "large:person": "背の高い | 大柄な",
        },
        "colour": {
            "natural": "自然な色の", "red": "赤い | 真っ赤な", "red:fox": "赤い | 赤茶色の",
            "orange": "オレンジ色の",
            "yellow": "黄色い", "green": "緑色の | 緑の", "blue": "青い", "purple": "紫色の | 紫の",
            "white": "白い | 真っ白な", "black": "黒い | 真っ黒な", "brown": "茶色い | 茶色の",
            "brown:horse": "茶色い | 栗毛の", "grey": "灰色の", "golden": "金色の",
            "pink": "ピンク色の | 桃色の",
        },
        "material": {
            "natural": "自然な質感の", "matte": "つや消しの", "glossy": "つやのある | 光沢のある",
            "metal": "金属の | 金属製の",
        },
        "occluder": {
            "none": "なし", "tree": "木 | 松の木 | モミの木", "bush": "茂み", "rock": "岩 | 大きな石",
            "wall": "壁 | 低い壁 | 石の壁",
        },
        "framing": {
            "wide": "ワイドショット | 遠景 | 引きの画面", "medium": "ミディアムショット | 中くらいの画角",
            "close": "クローズアップ | 接写 | 寄りの画面",
        },
        "height": {
            "low": "ローアングル | 低い位置から | 地面の高さから", "eye": "目の高さ | 目の高さから",
            "high": "ハイアングル | 高い位置から | 上から",
        },
        "look": {
            "natural": "自然な色合い", "black-and-white": "白黒 | 白黒の映像 | モノクロの映像",
            "clay": "クレイアニメ風 | 粘土のような質感", "cartoon": "アニメ風 | 漫画風",
            "watercolour": "水彩画風 | 水彩画のよう", "neon": "ネオン調", "paper": "切り絵風 | 紙細工のよう",
            "sepia": "セピア調 | セピア色",
        },
        "later": {
            "none": "時間は変わらない",
            "dawn": "タイムラプスで夜明けへ移り変わる | 時が流れ、やがて夜明けになる",
            "noon": "タイムラプスで真昼へ移り変わる | 時が流れ、やがて真昼になる",
            "sunset": "タイムラプスで夕日へ移り変わる | 時が流れ、やがて日が沈む",
            "dusk": "タイムラプスで夕暮れへ移り変わる | 時が流れ、やがて夕暮れになる",
            "night": "タイムラプスで夜へ移り変わる | 時が流れ、やがて夜になる",
        },
        "cut": {
            "wide": "続いて遠景に切り替わる | 続いてワイドショットに切り替わる",
            "medium": "続いて別の角度に切り替わる | 続いてミディアムショットに切り替わる",
            "close": "続いてクローズアップに切り替わる | 続いて接写に切り替わる",
        },
        "light": {
            "dawn": "淡く柔らかな光 | 薄紅色の朝の光", "noon": "明るく澄んだ光 | 強い光と短い影",
            "sunset": "暖かな金色の光 | 橙色の光と長い影", "dusk": "冷たい紫色の光 | 薄れゆく紫の光",
            "night": "ほの暗い青い光 | かすかな銀色の光", "soft": "柔らかな拡散光 | 影の淡い柔らかな光",
            "underwater": "水面から差す青い光 | 青緑の光",
        },
        "grey_light": {
            "dawn": "淡く柔らかな光", "noon": "強い光と短い影", "sunset": "低い光と長い影",
            "dusk": "薄れゆく柔らかな光",
            "night": "ほの暗い光と深い影", "soft": "柔らかな拡散光", "underwater": "水面から差す柔らかな光",
        },
        "mood": {
            "fast": "躍動感のある雰囲気 | 活気のある雰囲気", "fog": "神秘的な雰囲気 | 夢のような雰囲気",
            "night": "静かな夜の雰囲気 | しんとした静けさ", "calm": "穏やかな雰囲気 | のどかな雰囲気",
        },
        "then": {
            "stand": "立ち止まる | 動きを止める",
            "stand:drive": "停まる | 停車する",
            "walk": "歩き出す | 歩き始める",
            "walk:run": "歩き始める | 速度を落として歩く",
            "run": "走り出す | 駆け出す",
            "jump": "跳び上がる | ジャンプする",
            "turn": "向きを変える | 振り返る",
            "drive": "走り出す | 動き出す",
        },
        "relation": {
            "none": "無関係",
            "left of": "{other}の左側にいる | {other}の左に位置する",
            "right of": "{other}の右側にいる | {other}の右に位置する",
            "in front of": "{other}の手前にいる | {other}の前に位置する",
            "behind": "{other}の後ろにいる | {other}の後ろに位置する",
            "beside": "{other}の隣にいる | {other}の横に位置する",
            "above": "{other}の上にいる | {other}の上方に位置する",
            "chasing": "{other}を追いかけている | {other}を追っている",
            "crossing": "{other}の前を横切る | {other}とすれ違う",
        },
        "near": {
            "near": "近くでは | そばでは", "aloft": "空では | 上空では",
            "left of": "その右では", "right of": "その左では", "in front of": "その後ろでは",
            "behind": "その手前では", "beside": "すぐ隣では", "above": "その下では",
        },
        "meets": {
            "collide": "{whom}に衝突している | {whom}にぶつかっている",
            "push": "{whom}を押している | {whom}を押していく",
            "stack": "{whom}の上に落ちてそのまま載っている",
            "topple": "積み重なった{whom}を倒している",
        },
        "meeting": {
            "collide": "{whom}に衝突する | {whom}にぶつかる",
            "push": "{whom}を押す | {whom}を押していく",
            "stack": "{whom}の上に落ちて載る",
            "topple": "積み重なった{whom}を倒す",
        },
        "outcome": {
            "over": "{noun}が倒れる | {noun}がひっくり返る",
            "away": "{noun}が押しやられる | {noun}が滑り出す",
            "away:ball": "{noun}が転がり出す | {noun}が転がっていく",
            "back": "{noun}が跳ね返る | {noun}がはじき返される",
        },
    },
    patterns={
        "noun": "{kind}[{size}][{material}][{colour}]{noun} | [{size}][{material}][{colour}]{noun} | "
        "[{colour}][{size}][{material}]{noun}",
        "noun:person": "[{coat}]{kind}[{size}]{noun} | [{coat}][{size}]{noun}",
        "bare": "[{size}][{material}][{colour}]{noun}",
        "bare:person": "[{coat}][{size}]{noun}",
        "coat": "{colour}コートを着た | {colour}上着を着た",
        "passing": "途中で{occluder}の後ろを通る | 一瞬{occluder}の陰に隠れる",
        "company": "{others}",
        "other": "{near}{who}が{does}",
        "both": "と",
        "and": "。",
        "beside": "{side}では",
        "frame": "{frame}：{sentence}",
        "outcome": "その結果、{after}",
        "then": "その後、{after} | それから{after} | やがて{after}",
        "then_tag": "その後{doing}",
        "tail": "[。{then}][。{related}][。{passing}][。{company}]",
        "terse": "[{weather}、][{side}で、][{time}の]{where}[{heading}][{speed}][{facing}]{doing}{bare} | "
        "[{weather}、][{side}で、][{time}の]{where}{who}が[{heading}][{speed}][{facing}]{does} | "
        "[{when}、][{weather}、][{side}で]{who}が{where}[{heading}][{speed}][{facing}]{does}",
        "medium": "[{when}、][{weather}、][{side}で]{who}が{where}[{heading}][{speed}][{facing}]{does} | "
        "[{weather}、][{side}で、]{time}の{where}{who}が[{heading}][{speed}][{facing}]{does} | "
        "[{weather}、][{side}で]{who}が[{speed}][{time}の]{where}[{heading}][{facing}]{does}",
        "full": "[{when}、][{weather}、][{side}で]{who}が{where}[{heading}][{speed}][{facing}]{does} | "
        "{weather}、[{side}で、][{time}の]{where}{who}が[{heading}][{speed}][{facing}]{does} | "
        "[{side}では、]{who}が[{when}、][{weather}、]{where}[{heading}][{speed}][{facing}]{does} | "
        "[{when}、][{weather}、][{side}で]{where}[{heading}]{who}が[{speed}][{facing}]{does}",
    },
)
