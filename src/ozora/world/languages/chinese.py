"""Chinese: a measure word for each noun, and everything that describes goes before what it describes."""

from __future__ import annotations

from ozora.world.languages import plural
from ozora.world.languages.lexicon import Language, columns

_SUBJECTS = {  # noun and its measure word
    "fox": "狐狸/只", "horse": "马/匹 | 骏马/匹", "wolf": "狼/只 | 野狼/只", "dog": "狗/只 | 狗/条",
    "cat": "猫/只 | 猫咪/只", "deer": "鹿/头 | 鹿/只", "bear": "熊/头 | 熊/只", "rabbit": "兔子/只 | 野兔/只",
    "elephant": "大象/头", "giraffe": "长颈鹿/只", "bird": "鸟/只 | 海鸥/只",
    "person": "人/个 | 旅人/名 | 行人/名 | 男子/名 | 女子/名", "ball": "球/个 | 圆球/个",
    "cube": "方块/个 | 立方体/个 | 箱子/个", "balloon": "热气球/个", "sailboat": "帆船/艘 | 帆船/只",
    "car": "汽车/辆 | 轿车/辆", "truck": "卡车/辆", "train": "火车/列 | 列车/列", "aeroplane": "飞机/架",
    "rocket": "火箭/枚", "fish": "鱼/条", "whale": "鲸鱼/头", "dolphin": "海豚/只 | 海豚/条",
    "robot": "机器人/个",
    "butterfly": "蝴蝶/只", "eagle": "老鹰/只 | 雄鹰/只", "cone": "圆锥/个 | 圆锥体/个",
    "cylinder": "圆柱/个 | 圆柱体/个", "ring": "圆环/个",
}  # fmt: skip

_ACTIONS = {  # after a place; of somebody who has only just been named
    "stand": ("站着 | 静静地站着 | 一动不动地站着", "站着 | 静静地站着"),
    **dict.fromkeys(("stand:car", "stand:truck", "stand:train"), ("停着 | 静静地停着", "停着")),
    "walk": ("行走 | 走着", "在行走 | 正走着"),
    "walk:person": ("行走 | 漫步 | 走着", "在行走 | 在漫步 | 正走着"),
    "run": ("奔跑 | 跑着", "在奔跑 | 正跑着"),
    "run:horse": ("奔驰 | 奔跑", "在奔驰 | 在奔跑"),
    "fly": ("飞翔 | 飞行", "在飞翔 | 在飞行"),
    "fly:aeroplane": ("飞行", "在飞行"),
    "roll": ("滚动", "在滚动"),
    "bounce": ("弹跳 | 蹦跳", "在弹跳 | 在蹦跳"),
    "spin": ("旋转 | 转动", "在旋转 | 在转动"),
    "slide": ("滑动 | 滑行", "在滑动 | 在滑行"),
    "rise": ("升起 | 上升", "正在升起 | 正在上升"),
    "drift": ("飘动 | 飘行", "在飘动 | 正飘着"),
    "sail": ("航行 | 扬帆航行", "在航行"),
    "drive": ("行驶", "在行驶"),
    "swim": ("游动", "在游动"),
    "jump": ("跳跃", "在跳跃"),
    "fall": ("坠落 | 下落", "正在坠落 | 正在下落"),
    "turn": ("转身 | 转圈", "正在转身 | 正在转圈"),
    "collide": ("发生碰撞", "发生碰撞"),
    "tumble": ("翻滚 | 翻着跟头滚动", "在翻滚"),
    "push": ("推动", "在推动"),
    "stack": ("叠放", "叠放着"),
    "topple": ("撞倒一摞", "正在撞倒一摞"),
}

_PLACES = {  # plain; crossing or staying; above
    "snowfield": ("雪地", "在雪地上 | 在雪原上 | 在白雪覆盖的原野上", "在雪原上空 | 在雪地上空"),
    "meadow": ("草地", "在草地上 | 在草原上 | 在青青的草地上", "在草地上空 | 在草原上空"),
    "dunes": ("沙丘", "在沙丘上 | 在沙漠里 | 在沙漠中", "在沙漠上空 | 在沙丘上空"),
    "sea": ("大海", "在海上 | 在海面上 | 在大海上", "在大海上空 | 在海面上空"),
    "tabletop": ("桌面", "在桌子上 | 在桌面上 | 在木桌上", "在桌子上方"),
    "forest": ("森林", "在森林里 | 在树林里 | 在林间", "在森林上空"),
    "savannah": ("稀树草原", "在稀树草原上 | 在金黄的稀树草原上", "在稀树草原上空"),
    "valley": ("山谷", "在山谷里 | 在群山间的山谷中", "在山谷上空"),
    "canyon": ("红色峡谷", "在峡谷里 | 在红色的峡谷中", "在峡谷上空"),
    "beach": ("海滩", "在海滩上 | 在沙滩上", "在海滩上空"),
    "lake": ("湖面", "在湖面上 | 在平静的湖面上", "在湖面上空"),
    "underwater": ("水下", "在水下 | 在海底", "在海底上方"),
    "moon": ("月球表面", "在月球上 | 在月球表面", "在月球表面上空"),
    "street": ("城市街道", "在街道上 | 在城市的街道上", "在城市街道上空"),
    "night city": ("灯火通明的城市", "在灯火通明的城市里 | 在霓虹闪烁的街头", "在灯火通明的城市上空"),
    "room": ("房间", "在房间里 | 在屋子里", "在房间里"),
}
_TIMES = {
    "dawn": ("黎明", "黎明时分 | 清晨 | 日出时分"),
    "noon": ("正午", "正午时分 | 中午 | 明亮的白天"),
    "sunset": ("日落", "日落时分 | 夕阳下"),
    "dusk": ("黄昏", "黄昏时分 | 傍晚 | 暮色中"),
    "night": ("夜晚", "夜里 | 夜晚 | 月光下"),
}
_WEATHERS = {
    "clear": ("晴空", "晴空下 | 晴朗的天空下"),
    "fog": ("雾", "雾中 | 薄雾中 | 浓雾中"),
    "snow": ("飘雪", "飘落的雪花中 | 纷飞的大雪中 | 飘雪中"),
    "cloud": ("多云", "多云的天空下 | 阴云下"),
    "rain": ("雨", "雨中 | 细雨中"),
    "storm": ("暴风雨", "暴风雨中 | 雷雨中"),
    "aurora": ("极光", "极光下"),
}
_CAMERAS = {
    "static": ("固定镜头", "镜头静止不动 | 镜头固定不动"),
    "pan": ("摇镜头", "镜头横向摇动 | 镜头向一侧摇动"),
    "dolly": ("推镜头", "镜头向前推进 | 镜头渐渐推近"),
    "orbit": ("环绕镜头", "镜头围绕{noun}旋转 | 镜头环绕拍摄"),
    "follow": ("跟拍镜头", "镜头跟随{noun} | 镜头跟着{noun}移动 | 镜头一路跟拍"),
    "tilt": ("竖摇镜头", "镜头竖直摇动"),
    "tilt:up": ("上摇镜头", "镜头向上摇起"),
    "tilt:down": ("下摇镜头", "镜头向下摇落"),
    "crane:up": ("上升镜头", "镜头升高 | 镜头升起"),
    "crane:down": ("下降镜头", "镜头降低 | 镜头下降"),
    "zoom": ("变焦镜头", "镜头变焦推近"),
    "crane": ("摇臂镜头", "镜头随摇臂移动"),
    "fly-over": ("航拍镜头", "镜头从上空飞过"),
    "handheld": ("手持镜头", "手持镜头微微晃动"),
    "arc": ("弧形镜头", "镜头绕着{noun}划出弧线"),
    "truck": ("横移镜头", "镜头横向移动"),
    "pull-back": ("拉镜头", "镜头向后拉远 | 镜头后退"),
}

CHINESE = Language(
    name="中文",
    comma="，",
    full_stop="。",
    run_on="，",
    spaced=False,
    plural=plural.CHINESE,
    words={
        "subject": _SUBJECTS,
        **columns(("action", "going"), _ACTIONS),
        **columns(("place", "crossing", "above"), _PLACES),
        **columns(("place", "staying"), _PLACES),  # where somebody goes and where he stays reads the same
        **columns(("time", "when"), _TIMES),
        **columns(("weather", "amid"), _WEATHERS),
        **columns(("camera", "moves"), _CAMERAS),
        "speed": {"slow": "缓缓地 | 慢慢地", "normal": "匀速地 | 平稳地", "fast": "快速地 | 飞快地 | 全速"},
        "direction": {
            "left": "向左 | 从右向左", "right": "向右 | 从左向右", "towards": "朝镜头 | 迎着镜头",
            "away": "向远处 | 背向镜头",
        },
        "facing": {
            "left": "面朝左侧", "right": "面朝右侧", "towards": "面对镜头 | 面朝镜头", "away": "背对镜头",
        },
        "position": {
            "left": "画面左侧 | 画面左边", "centre": "画面中央 | 画面中间", "right": "画面右侧 | 画面右边",
        },
        "size": {
            "small": "小", "medium": "中等大小的", "large": "大 | 巨大的",
            "small:person": "矮小的 | 小个子的",
            "large:person": "高大的 | 高个子的", "large:elephant": "巨大的", "large:robot": "大型 | 巨大的",
        },
        "colour": {
            "natural": "自然色", "red": "红色", "red:fox": "红色 | 赤红色", "orange": "橙色 | 橘色",
            "yellow": "黄色", "green": "绿色 | 翠绿色", "blue": "蓝色", "purple": "紫色", "white": "白色",
            "black": "黑色", "brown": "棕色 | 褐色", "brown:horse": "棕色 | 枣红色", "grey": "灰色",
            "golden": "金色 | 金黄色", "pink": "粉色 | 粉红色",
        },
        "material": {"natural": "自然材质", "matte": "哑光", "glossy": "光亮 | 亮面", "metal": "金属"},
        "occluder": {
            "none": "无", "tree": "一棵树 | 一棵松树 | 一棵冷杉", "bush": "一丛灌木",
            "rock": "一块岩石 | 一块大石头", "wall": "一堵墙 | 一道矮墙 | 一道石墙",
        },
        "framing": {"wide": "远景 | 全景镜头", "medium": "中景 | 中景镜头",
                    "close": "特写 | 特写镜头 | 近距离拍摄"},
        "height": {
            "low": "低角度 | 低角度拍摄 | 仰拍", "eye": "平视 | 平视角度",
            "high": "高角度 | 高角度拍摄 | 俯拍",
        },
        "look": {
            "natural": "自然色彩", "black-and-white": "黑白画面 | 黑白影片",
            "clay": "黏土动画风格 | 黏土质感",
            "cartoon": "卡通风格 | 动画片风格", "watercolour": "水彩画风格 | 水彩质感", "neon": "霓虹风格",
            "paper": "剪纸风格 | 剪纸动画", "sepia": "怀旧棕褐色调 | 棕褐色调",
        },
        "later": {
            "none": "时间不变",
            "dawn": "延时摄影，天渐渐亮了 | 时间流逝，直到黎明",
            "noon": "延时摄影，渐渐到了正午 | 时间流逝，直到正午",
            "sunset": "延时摄影，太阳渐渐落下 | 时间流逝，直到日落",
            "dusk": "延时摄影，暮色渐渐降临 | 时间流逝，直到黄昏",
            "night": "延时摄影，夜幕渐渐降临 | 时间流逝，直到夜晚",
        },
        "cut": {
            "wide": "随后切到远景 | 接着切换为全景镜头", "medium": "随后切到中景 | 接着切换到另一个角度",
            "close": "随后切到特写 | 接着切换为特写镜头",
        },
        "light": {
            "dawn": "柔和的淡光 | 粉色的晨光", "noon": "明亮清澈的光线 | 强烈的光线和短短的影子",
            "sunset": "温暖的金色光线 | 橙色的光和长长的影子", "dusk": "清冷的紫色光线 | 渐暗的紫色光线",
            "night": "幽暗的蓝光 | 微弱的银光", "soft": "柔和的漫射光 | 光线柔和，影子很淡",
            "underwater": "从水面透下的蓝光 | 蓝绿色的光",
        },
        "grey_light": {
            "dawn": "柔和的淡光", "noon": "强烈的光线和短短的影子", "sunset": "低斜的光线和长长的影子",
            "dusk": "渐暗的柔光", "night": "昏暗的光线和浓重的阴影", "soft": "柔和的漫射光",
            "underwater": "从水面透下的柔光",
        },
        "mood": {
            "fast": "气氛活跃 | 充满活力", "fog": "气氛神秘 | 如梦似幻", "night": "气氛宁静 | 夜色静谧",
            "calm": "气氛平和 | 宁静安详 | 一片祥和",
        },
        "then": {
            "stand": "停了下来 | 停住了",
            "walk": "开始行走 | 走了起来",
            "walk:run": "放慢脚步走起来 | 慢下来行走",
            "run": "跑了起来 | 开始奔跑",
            "jump": "跳了起来 | 纵身跃起",
            "turn": "转过身来 | 掉头转身",
            "drive": "开动起来 | 开始行驶",
        },
        "relation": {
            "none": "无关",
            "left of": "在{other}的左边 | 位于{other}左侧",
            "right of": "在{other}的右边 | 位于{other}右侧",
            "in front of": "在{other}的前面 | 位于{other}前方",
            "behind": "在{other}的后面 | 位于{other}后方",
            "beside": "在{other}的旁边",
            "above": "在{other}的上方",
            "chasing": "追赶着{other} | 紧追着{other}",
            "crossing": "从{other}前面经过 | 与{other}交错而过",
        },
        "near": {
            "near": "旁边 | 不远处", "aloft": "天上 | 空中",
            "left of": "右边", "right of": "左边", "in front of": "后面",
            "behind": "前面", "beside": "旁边", "above": "下方",
        },
        "meets": {
            "collide": "与{whom}相撞 | 撞上{whom}",
            "push": "推着{whom}前进 | 推动{whom}",
            "stack": "落在{whom}上并停住",
            "topple": "撞倒叠在一起的{whom}",
        },
        "meeting": {
            "collide": "与{whom}相撞",
            "push": "推着{whom}",
            "stack": "落在{whom}上",
            "topple": "撞倒叠在一起的{whom}",
        },
        "outcome": {
            "over": "将其撞倒 | 把它碰倒",
            "away": "将其撞开 | 使它滑向一边",
            "away:ball": "使它滚了出去 | 把它撞得滚开",
            "back": "自己弹了回来 | 自己被弹开",
        },
    },
    patterns={
        "noun": "一{kind}[{colour}的][{material}][{size}]{noun}",
        "noun:person": "一{kind}[{coat}][{size}]{noun}",
        "bare": "[{colour}][{material}][{size}]{noun}",
        "bare:person": "[{coat}][{size}]{noun}",
        "coat": "穿着{colour}外套的 | 穿{colour}大衣的",
        "passing": "从{occluder}后面经过 | 一度消失在{occluder}后面",
        "company": "{others}",
        "other": "{near}有{who}{going}",
        "both": "和",
        "and": "，",
        "beside": "{side}",
        "frame": "{frame}：{sentence}",
        "outcome": "{after}",
        "then": "随后{after} | 接着{after} | 然后{after}",
        "then_tag": "然后{does}",
        "tail": "[，{then}][，{related}][，位于{side}][，{passing}][，{company}]",
        "terse": "[{when}，][{weather}，]{who}{where}[{facing}][{speed}][{heading}]{does} | "
        "[{weather}，]{who}[{when}]{where}[{facing}][{speed}][{heading}]{does} | "
        "[{when}，][{weather}，]{where}[{facing}][{speed}][{heading}]{does}的{bare}",
        "medium": "[{when}，][{weather}，]{who}{where}[{facing}][{speed}][{heading}]{does} | "
        "[{when}，][{weather}，]{where}，{who}正[{speed}]{heading}{does} | "
        "[{when}，][{weather}，]{where}，{who}正{speed}[{heading}]{does} | "
        "[{weather}，]{who}[{when}]{where}[{facing}][{speed}][{heading}]{does}",
        "full": "[{when}，][{weather}，]{who}{where}[{facing}][{speed}][{heading}]{does} | "
        "[{weather}，][{when}，]{who}[{speed}]{where}[{facing}][{heading}]{does} | "
        "[{when}，][{weather}，]{where}，{who}正[{speed}]{heading}{does} | "
        "[{weather}，]{who}[{when}]{where}[{facing}][{speed}][{heading}]{does}",
    },
)
