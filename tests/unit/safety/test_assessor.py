"""What counts as danger: tables of messages, and properties that hold for any message."""

from __future__ import annotations

import random
import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import ContentError
from bot.safety import Assessor, RiskLevel, normalise

RULES = Path(__file__).parents[3] / "data" / "safety" / "rules.yml"
ASSESSOR = Assessor.load(RULES)

CRISIS_EN = """
i want to die
I don't want to live anymore
I want to kill myself
I'm going to kill myself tonight
thinking about suicide a lot lately
I've been feeling suicidal since the breakup
kms
gonna kms if i stay 163
i want to unalive myself
im gonna unalive
I want to end it all
just want to end it
everyone would be better off without me
My family would be happier without me
they'd be happier if I was gone
there's no reason to go on
I have no reason to live
no point in living at this height
what's the point of living if no one will ever love me
I've been cutting myself again
I cut myself last night
i started cutting again
self harm is the only thing that helps
I wish I was dead
wish i was never born
I wish I could just disappear
I hope I don't wake up tomorrow
I want to go to sleep and never wake up
I'd rather die than be short forever
better off dead
I can't go on like this
i cant do this anymore
I can't live like this
I don't want to be here anymore
I'm tired of living
life isn't worth living
I have the pills ready
I bought a rope
how many sleeping pills would it take to die
what's the least painful way to die
I keep thinking about jumping off a bridge
I want to jump off the roof
I might hurt myself tonight
I'm afraid I'll hurt myself
I'm thinking of ending my life
took too many pills
this is goodbye, wrote letters to my family
I tried to kill myself last year
no one would care if I died
if i died nobody would notice
I'm just a burden to everyone
I think about death all the time
i want to d i e
k i l l myself
su1cide is on my mind
s.u.i.c.i.d.e
I wanna dieeeee
i want to kiiill myselffff
I WANT TO DIE!!!
i waant to die
I want to 'kill myself'
I want to dіe
i\u200b want to k\u200bill myself
k!ll myself
thinking about s*icide... su*cide
don't wanna exist anymore
i hate being alive
I hope I die on the operating table
not suicidal yet but close to it, I don't want to live
I'm not suicidal yet
I don't know why I haven't killed myself
how do I not kill myself
I don't want to die but I don't want to live either
not gonna lie i want to die
nothing left to live for
ready to end my life
I'm 160cm and I want to die lol
someone please kill me
i should just die
everyone says kys and maybe they're right
kill me please
I'd kill myself if the surgery fails
life is pointless, i see no way out
I have dark thoughts every night
I told my friend I want to die
my parents hate me and I want to die
they told me to kill myself
I'm not depressed, I just want to die
i don't feel safe with myself tonight
going to break my own legs with a hammer tonight, gonna break my legs myself
dying would be better than this
if I can't get taller I'll end my life
"""

CRISIS_OTHER_EN = """
my friend wants to kill himself
My son says he wants to die
my daughter is cutting herself
my brother keeps saying he doesn't want to live anymore
my boyfriend is suicidal because of his height
my roommate said "I want to die" and locked the door
he told me he was going to end his life
my friend is depressed, wants to die
I think my son might kill himself
she has been hurting herself since school started
A friend of mine tried to kill herself
my son thinks the world would be better off without him
how do i help a friend who is suicidal
my girlfriend texted me that she wants to end it all
my classmate wrote i want to die on his arm
"""

NONE_EN = """
hello
how many cm can I gain
I'm dying to know how much it costs
kill me lol
lol kill me now
this commute is killing me
my legs are killing me after leg day
my mom will kill me if she finds out
I'd kill for 5 more cm
can you die from it
Can you die from leg lengthening?
what is the death rate
how likely am I to die during surgery
has anyone died during the operation
I'm scared of dying during surgery
I don't want to die on the operating table
I hope I don't die during surgery
what if I die under anesthesia
I'm dead serious about this
is the suicide rate higher after surgery
I watched suicide squad yesterday
that would be career suicide
I walk 5 kms a day
ran a few kms yesterday
cut myself shaving
I cut myself off from sugar
I hurt myself playing basketball, can I still grow
can I hurt myself by stretching too much
nearly died laughing
I'm dead lol
how to live with a frame for months
I don't want to live with regret
I don't want to live with my parents
I don't want to go on a date with this frame
what are the warning signs after surgery
can it cause blood clots?
what are the symptoms of a pulmonary embolism
will my foot go numb
could I get an infection at the pin sites
does lengthening cause nerve damage
how common is chest pain after surgery
what happens if my foot goes numb
how do doctors prevent blood clots
is fever a sign of infection
I'm worried about getting a blood clot
do people lose feeling in their feet
I'm getting cold feet about the surgery
what does kms mean
will they ask if I'm suicidal in the psych evaluation
do patients commit suicide after this surgery
who is eligible for the surgery
thanks, goodbye
can you overdose on vitamin d
how long does the pain last
what painkillers do they give
how is foot drop treated
I want to delete my data
does it hurt
when can I walk again
the deadline for the deposit is tomorrow
stop wasting my time
tell me about the nail
I had no fever and no swelling so far
is calf swelling common
"""

DENIED_EN = """
I'm not suicidal, just asking
im not suicidal
I am not going to kill myself
I don't want to die
not suicidal, just curious about the evaluation
I have no suicidal thoughts
no thoughts of self harm, i just want to be taller
I would never kill myself
I won't hurt myself
I used to be suicidal but not anymore
don't worry, I'm not thinking about suicide
I'm not planning to end my life
"""

MEDICAL_EN = """
I can't breathe properly since yesterday, I had the surgery last week
I suddenly have chest pain
chest pain and shortness of breath since this morning
my chest hurts when I breathe, day 6 post op
my calf is swollen and hot
My left calf is really painful and swollen since yesterday
my calf hurts a lot, is that normal?
I have a fever of 39 and pus coming out of my pin site
fever 38.5 and the pin site is red
my foot is numb
my leg went numb after the surgery what now
my foot is cold and pale
my toes are blue
my foot turned blue
I can't feel my foot
I can't move my toes since this morning
cannot lift my foot anymore
my son's calf is swollen, he had surgery two weeks ago
he can't move his toes
pain in my leg is getting worse and worse after the operation
the pain in my shin is unbearable, painkillers don't help
severe pain in my lengthened leg, it is tight and swollen
I'm coughing up blood
I fainted this morning, 5 days after my surgery
pus is leaking from my wound
I heard a loud pop in my leg and now the nail is bent
my foot dropped suddenly, week 4 of lengthening
my heart is racing and I'm short of breath, had surgery 3 days ago
idk if this is normal but my calf is swollen
my feet went numb during lengthening
numbness in my foot is spreading
I think I have a blood clot
there is no feeling in my left foot
my husband has a fever after his surgery and his leg is red
the bleeding won't stop
can't breathe and my chest is tight
my leg is swollen and rock hard
I woke up with shortness of breath
my toes are cold and numb and I can't move them
she had leg lengthening and now her foot is purple
is it normal that my foot is numb and cold
"""

DISTRESS_EN = """
I hate my body
I hate being short
I feel hopeless
I'm so ashamed of my height
they bully me at school every day
I can't stop crying
everyone laughs at me
I feel worthless
I cried all night
girls reject me because of my height
i'm so depressed about being 160
I'm having a panic attack
no girl will ever love me
I will die alone
I feel disgusting when I look in the mirror
my classmates make fun of me
my height ruined my life
I'm so tired of being short
I feel so lonely
my son is being bullied because he is short
my cousin killed himself last year
I'm panicking, I can't breathe when people look at me
"""

CRISIS_ZH = """
我不想活了
不想活了
我想死
好想死
活着没意思
活着好没意思
活着有什么意义
活着好累啊
想自杀
我有自杀的念头
最近总想轻生
一了百了
死了一了百了
真想一了百了算了
我想解脱
死了就解脱了
我死了算了
不如死了算了
还不如死了
割腕
我又割腕了
想从楼上跳下去
我站在天台上
想跳楼
好想结束生命
想结束这一切
我想了结自己
寻死的心都有了
自残过几次
又想自残了
拿刀划自己
我用刀片划手臂
活不下去了
撑不下去了
没有活下去的理由
没有活下去的勇气
没有我大家会更好
没了我爸妈会轻松很多
我就是家里的累赘
我死了他们会不会后悔
要是我死了会有人难过吗
想永远睡过去
好想一觉不醒
明天不想醒来了
好想消失
想从这个世界消失
想zs
zs
自 杀
自.杀
我想 死
想4
想去死
我去死好了
矮成这样我想死
1米6活着就是个笑话
生不如死
下辈子再见吧
不如重开算了
遗书写好了
吞了一瓶安眠药
哪种死法不痛苦
怎么死才不痛
多少片安眠药会死
杀了我吧
谁来杀了我
不配活着
为什么死的不是我
我怎么还没死
活够了
没有自杀的勇气
不敢自杀
我不是没想过自杀
还没自杀呢
我想kill myself
不做手术我就去死
宁愿死也不要这么矮
他们让我去死
我不想死，可是也不想活
我没有想法了，想死
没有，想死
我想“死”
輕生
我想結束生命
活著沒意思，想自殺
好想跳樓
不想活在这个世界上
希望手术时麻醉了就别醒过来
女朋友走了，想死
我女朋友嫌我矮跟我分手了，我不想活了
我控制不住想伤害自己
今晚打算自己拿锤子砸断腿
长不高我就死给你们看，不想活
厌世
"""

CRISIS_OTHER_ZH = """
我朋友说想死
我儿子说他不想活了
我儿子跟我说“我不想活了”
我女儿在自残
我弟弟因为身高想自杀
他说活着没意思
室友割腕了
我同学想跳楼怎么办
女儿手臂上有划痕
朋友发消息说想结束生命
他会不会想不开
怎么劝他别自杀
我男朋友老说死了算了
我朋友最近很难过，说想死
"""

NONE_ZH = """
你好
笑死我了
累死了
丑死了
想死你了
想死你们啦
死磕到底
我跟身高死磕了
她要死要活非要做，我也没办法
会死人吗
这手术会死人吗
手术死亡率多少
会不会死在手术台上
怕死在手术台上
有人做这个死过吗
我想问死亡率高吗
我想知道死亡风险大吗
不想死在手术台上
我妈知道了会杀了我
跳楼价
跳楼机能坐吗
重开一局
人生重开模拟器
年轻生活
减轻生活压力
自杀式手术
自杀率是不是更高
zs是什么意思
什么叫自残
拆架子那天终于解脱了
不想活在别人的眼光里
不想活得这么窝囊
断骨增高是不是伤害自己
《自杀小队》好看吗
去死吧你这个破机器人
死活不同意
忙死了
爸妈吵死了
热死了
羡慕死了
能长几厘米
多少钱
增高手术要多久
术后会发烧吗
会不会得血栓
小腿肿是血栓的症状吗
有哪些危险信号
哪些症状要马上去医院
如果脚麻了怎么办
手术后会脚麻吗
怎么预防感染
会不会神经损伤
万一术后发烧怎么办
足下垂能治好吗
血栓的概率多大
术后胸痛常见吗
为什么会流脓
担心会感染
脚麻是什么原因
芝麻糊能长高吗
麻醉有风险吗
没有发烧也没有流脓
心疼爸妈
腿软了哈哈
谢谢再见
打生长激素有用吗
骨头多久长好
医生会问我有没有自杀倾向吗
"""

DENIED_ZH = """
我没有想死，就是问问
我没有自杀的想法
我不会自杀的
我不想死
没想过自杀
放心，我不会做傻事
又不是要自杀，问一下而已
我没有不想活
以前想过自杀，现在不想了
从来没有想过轻生
还不至于想死
"""

MEDICAL_ZH = """
术后第三天喘不上气
我胸口疼，呼吸困难
做完手术一周，突然胸闷
小腿肿了，又红又烫
我左小腿肿得厉害
小腿突然很疼，还肿
我现在小腿肿，是不是血栓
针眼流脓，还发烧
术后发烧39度
我儿子术后高烧不退
脚麻了两天了
我的脚没有知觉了
脚冰凉，发紫
脚趾发黑了怎么办
脚背抬不起来了
脚趾动不了
延长期脚突然动不了
腿疼得越来越厉害，止痛药不管用
术后腿剧痛
我老公刚做完手术，胸痛
他小腿肿了
伤口化脓了
我脚趾没感觉了，正常吗
伤口一直流血止不住
钉子断了，腿弯了
听到咔的一声，腿很疼
从昨晚开始小腿胀痛
做完断骨第5天，晕倒了一次
咳血了怎么办
右腳發麻，腳趾冰涼
脚發紫了
术后喘不过气正常吗
脚 麻 了，动不了
我感觉脚凉凉的发麻，做完手术两周
"""

DISTRESS_ZH = """
我很自卑
在人群里抬不起头
我崩溃了
好绝望
太丢人了
被同学嘲笑
他们都欺负我
我想哭
讨厌自己的身体
恨自己这么矮
我接受不了自己的身高
没人会喜欢我
心里好难受
一直被霸凌
抑郁好久了
我就是个废物
恐慌
他们叫我矮子
每天都在哭
相亲又被嫌矮
孩子在学校被欺负
一想到身高就压得我喘不过气
我不敢出门
三等残废
"""


def lines(table: str) -> list[str]:
    return [line for line in table.strip().split("\n") if line]


LEVELS = [
    (CRISIS_EN, "crisis", "self", False),
    (CRISIS_OTHER_EN, "crisis", "other", False),
    (NONE_EN, "none", "self", False),
    (DENIED_EN, "none", "self", True),
    (DISTRESS_EN, "distress", None, False),
    (MEDICAL_EN, "medical_emergency", None, False),
    (CRISIS_ZH, "crisis", "self", False),
    (CRISIS_OTHER_ZH, "crisis", "other", False),
    (NONE_ZH, "none", "self", False),
    (DENIED_ZH, "none", "self", True),
    (DISTRESS_ZH, "distress", None, False),
    (MEDICAL_ZH, "medical_emergency", None, False),
]
EVERY_LINE = [line for table, *_ in LEVELS for line in lines(table)]
CRISIS_LINES = [line for table, level, *_ in LEVELS if level == "crisis" for line in lines(table)]


@pytest.mark.parametrize(
    ("text", "level", "subject", "denied"),
    [
        (line, level, subject, denied)
        for table, level, subject, denied in LEVELS
        for line in lines(table)
    ],
)
def test_level(text: str, level: str, subject: str | None, denied: bool) -> None:
    found = ASSESSOR.assess(text)
    assert (found.level.value, found.denied) == (level, denied), found.rule_ids
    if subject is not None:
        assert found.subject == subject
