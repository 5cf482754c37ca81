"""What counts as danger: tables of messages, and properties that hold for any message."""

from __future__ import annotations

import random
import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import ContentError
from bot.safety.assessor import Assessment, Assessor, RiskLevel, normalise

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
i wish someone would put me out of my misery
whats the best way to end my life quietly
there's a rope in my closet and i keep looking at it
i'd be doing everyone a favor if i died
My life is over, I want out
living feels like a chore, i'm ready for it to end
I am not strong enough to keep living
I have nothing left, I'm going to do it tonight
sometimes i stand at the train platform and think about it
I drank a lot and took my mom's pills
im gonna hurt myself if the clinic says no
can't stop picturing my own death
If I can't be 6ft I don't want to be alive
would rather be dead than a manlet
no will to live left
I've lost the will to live
i think the world is better without me in it
death sounds peaceful
i burn myself with cigarettes
I'm going to starve myself to death
I want God to take me
hope i get cancer
i want to go to sleep and not wake up
I cant take this life anymore
ready to check out for good
I'm thinking about harming myself
i self harmed yesterday
how do I make it stop for good
I do not want to exist
nobody will miss me when I'm gone, I'm ending it this weekend
i wish my heart would just stop
I keep having thoughts of self-harm since the surgery
i've been thinking everyone is better without me around
been thinking of killin myself
k.m.s
im going to end it.
I can't keep going anymore
i want 2 die
I'd be happier dead
not living past 30 with this height
thinking about hurting myself again
the only thing stopping me from killing myself is my mom
I'm scared of what I'll do to myself tonight
how to kill urself
I have a plan to end my life
I already wrote my note
i wont make it to 2027
don't want to exist in this body
Why was I even born
I really wish I was never alive
i overdosed last year and i'm thinking about it again
I could just walk into traffic
I'm not going to be here next year
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
My roommate keeps cutting her wrists
my husband has a gun and says he's done
my kid googled suicide methods
help my friend is on a bridge
my mother said she would kill herself if I go through with it
my boyfriend has been self harming
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
can lengthening make my foot numb
what does a pin site infection look like
will there be swelling
which painkillers are used
how do they check for compartment syndrome
my cousin had leg lengthening and loves it
my dad wants me to wait
i read that people get foot drop
is 6 cm dangerous
should I stop smoking before surgery
my friend did it in turkey
can't decide between femur and tibia
i don't want to wait until 25
i can't stop thinking about the surgery
i'd do anything to be taller
I want it so bad
how to deal with mean comments about surgery
the surgeon is dead set on tibia
what are the survival odds
can I take ibuprofen
is numbness after the operation normal or permanent
what's the worst that can happen
i want to end my treatment with the clinic
how can I hide it from my parents
do you have feelings
my girlfriend is taller than me
at what age do bones stop growing
are height pills real
is jumping good for growth
should I hang from a bar to grow
hanging from a pull up bar
can i jump after recovery
what happens after death in surgery legally
should i be on blood thinners
will my life be over if I get caught
what's a normal temperature after surgery
do you get numb toes with internal nails
how long until the swelling goes down
will they give me blood thinners to prevent clots
does it hurt when they turn the screws
is it safe to fly after surgery
can you feel the nail in your leg
what if my bone doesn't heal
who do i call if something goes wrong
i want to know about pulmonary embolism
I'm dying to be 6 feet
this website is killing me
I would kill to be 180
my legs are dead after squats
don't kill my vibe
I'm sick of answering questions
I'm done reading, thanks
I can't do splits anymore after surgery, right?
take me back to the menu
end conversation
can I still live a normal life
is life better after the surgery
would you do it if you were me
does the pain ever end
how do people cope with the long recovery
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
my foot has been ice cold since the last adjustment
since last night my calf is really tight and tender
I just got home from hospital and I'm out of breath
I can't wiggle my toes
leg is swollen up like a balloon and red
there is yellow pus around my pins and i feel feverish
temperature of 39.2 two weeks post op
My wife can't feel her foot after surgery
pain is unbearable and my toes are going blue
stabbing chest pain, hard to breathe, 9 days post surgery
I've got pins and needles in my foot since we sped up the lengthening
dad just passed out after his leg operation
my wound is open and bleeding
suddenly I can't bend my ankle up anymore
my shin is hot, red and twice its size
I'm shaking with fever and the wound smells
my leg feels dead below the knee
the rod snapped I think, heard a crack, leg hurts
my son says he can't feel his toes
chest feels tight today, day 3
one leg is way bigger than the other since yesterday
I feel like I can't get enough air
both calves are sore and one is red and hot since surgery
is it an emergency if i cant feel my toes?
i had the nail surgery on monday and now i have a fever and chills
my toes have turned black
should i worry my foot is cold and tingly after the last click
mom here: my son has leg lengthening frames and pus and 39 fever
the leg is rock hard and the pain is getting worse by the hour
my thigh is really swollen and hot, 2 weeks after surgery
i'm bleeding through the dressing
chest tightness and coughing since the op
can't lift my toes up anymore
my knee and shin went numb overnight
I am breathing fast and feel dizzy, surgery was 4 days ago
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
i feel so worthless next to tall guys
she left me because I'm short and I can't stop crying
i'm terrified to look in the mirror
people stare at me and I feel ashamed
my life sucks because of my height
they call me midget every day
i avoid going out because of my height
I feel like a failure
so anxious I can't sleep
it's destroying me
i feel invisible because of my height
i get mocked at work for being 5'4
I cry every night
im ashamed to go to the beach
I feel so hopeless about dating
being short makes me feel worthless
I'm having panic attacks before school
my height makes me so depressed
I hate looking at photos of myself
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
好想有人来结束我的痛苦
活着跟死了没区别
我已经不想再努力活着了
真想闭上眼就不用睁开了
要是哪天我没了，别难过
我觉得我离死不远了，也不想治
不想苟活了
想去天堂
我准备好离开了
想找个高楼
我每天都在计划怎么离开
我在查安乐死
我有时候会掐自己、打自己
身高毁了我，我不配活在这世上
没有175我就不活了
我快要坚持不住了，想结束
心已经死了，人也不想留了
死了就不用再看别人脸色了
自杀会不会很疼
人要是能随时关机就好了，我想关机
我连死都不怕了
我不怕死，我只怕活着
想一头栽下去
不想撑了
没意义，不如死
我恨不得马上死掉
每次过桥都想跳
我要去死了，再见
真的好想死一死
已经写了遗嘱，处理好了一切
我想离开这个世界
我要是从来没出生过就好了
真想一了百了
每天都在熬，熬不下去了
活着太累了不想活
我已经决定了，今晚结束
想吃安眠药睡过去
身高160活着有什么意义
我有自残的习惯
手臂上全是我自己划的
我爸妈要是知道我想自杀会怎样
有没有人跟我一样不想活
活得像条狗，不如死了
我不想再撑了
自sha
想44
好想原地消失，再也不存在
我好像得了抑郁症，总想着死
如果手术也救不了我，我就去死
死亡离我很近，我很期待
谁能让我安乐死
可不可以让我消失
我想跳江
我觉得我该死
不知道怎么活下去
真的不知道活着为了什么
"""

CRISIS_OTHER_ZH = """
孩子说活着没意思，想跳下去
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
我朋友一直在划手腕
我妹吞了一瓶药
我老公站在阳台外面
我妈因为这事要跳楼
我表弟失恋了，说要去死
老师，我学生割腕了怎么办
他发朋友圈说再见了世界
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
小腿肌肉酸痛怎么办
跑完步小腿酸
我小腿很粗
脚麻会不会是后遗症
做完会不会瘸
伤口多久愈合
吃止痛药有副作用吗
术后会不会留疤
腿会不会一长一短
延长时疼不疼
发炎怎么处理
死亡案例有吗
国内死过人吗
做手术会有生命危险吗
我不怕疼
我就是想高一点
想长高想疯了
我太想长高了
要是能长高该多好
我妈死活不同意
这辈子就这样了吗
还有希望长高吗
跳高能长高吗
解约能退钱吗
怎么结束疗程
想开一点
离开父母怎么照顾自己
一个人在国外手术怎么办
有没有做过的朋友
活动度能恢复多少
多少钱一厘米
最后能长多少
腿没劲正常吗多久恢复
我能活到多少岁
医生说我骨骺闭合了
术后正常体温是多少
肿多久能消
什么时候能弯膝盖
我腿短
我的腿型不好看
脚踝能活动多少度
打了钢钉能过安检吗
血栓一般怎么查
会不会得肺栓塞啊
术后要不要吃抗凝药
麻了，等排队等了三小时
这操作我服了，笑死
想死你了宝贝
爱死这个功能了
太难了，看不懂
结束了吗
我走了，拜拜
活动结束了吗
多活几年有啥用
人活着要有目标
生活质量会下降吗
后悔的人多吗
跳过这个问题
疼死了谁负责
手术台上会醒吗
做梦都想长高
到底该不该做
死脑筋
就想问问价格
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
做完第二周，脚突然没感觉
今天发现脚趾颜色发暗发凉
我小腿硬硬的，一按就疼
术后一周，右腿比左腿肿很多
我呼吸有点困难，胸口刺痛
孩子术后第四天高烧，腿红肿
钉眼有脓，还发热
脚尖勾不上来了，昨天还好好的
吃了止痛药还是疼得打滚
我老公做完腿延长，突然喘得厉害
腿突然动不了了
刚拧完螺丝脚就麻了
咔的一声，腿好像断了
伤口流血不止
脚背没有知觉，大脚趾抬不动
晚上小腿抽痛肿胀，摸起来很热
我感觉透不过气，头晕，刚出院三天
术后发烧两天了
我脚一直是冰的，还发白
他说胸口疼，喘不上来
延长第三十天，脚趾抬不起来了
我的小腿又肿又硬，走不了路
术后十天胸口闷得慌，心跳快
孩子腿肿得发亮，一直喊疼
做完手术脚一点感觉都没有
发烧38.5，针眼红肿
脚面冰凉发紫怎么办
突然喘不过来，嘴唇发紫
小腿胀痛两天了，是血栓吗
我妈刚做完手术，突然昏过去了
螺丝那里一直流脓水
腿疼到睡不着，越来越厉害，止痛药也压不住
左脚没知觉，急
腿又红又肿又热
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
我觉得自己好丑好矮
看到别人高我就难过
他们笑我矮
我真的好自卑，不敢谈恋爱
被女朋友甩了，因为矮
一照镜子就想哭
我好孤独
心情很差，什么都不想做
感觉人生没希望了
压力好大，快崩溃了
我太难过了，没人理解我
被同学叫矮冬瓜
因为矮被拒绝了无数次
我讨厌我自己
走在路上总觉得别人在笑我
一想到自己的身高就崩溃
心里特别压抑
我觉得低人一等
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


@pytest.mark.parametrize("table", LEVELS, ids=lambda row: f"{row[1]}-{row[0].split()[0][:8]}")
def test_tables_hold_no_line_twice(table: tuple[str, str, str | None, bool]) -> None:
    assert len(lines(table[0])) == len(set(lines(table[0])))


def test_enough_cases_in_each_language() -> None:
    chinese = [line for line in EVERY_LINE if any("\u4e00" <= char <= "\u9fff" for char in line)]
    assert len(chinese) >= 80
    assert len(EVERY_LINE) - len(chinese) >= 80


# --- several levels, several people --------------------------------------------------------------


def test_crisis_goes_before_a_medical_emergency_and_distress() -> None:
    found = ASSESSOR.assess("I hate my body, my calf is swollen and hot, and I want to die")
    assert found.level is RiskLevel.CRISIS
    assert found.rule_ids[0].startswith("crisis")
    assert found.rule_ids[-1].startswith("distress")


def test_ranks_follow_the_contract() -> None:
    ranked = sorted(RiskLevel, key=lambda level: level.rank)
    assert [level.value for level in ranked] == ["none", "distress", "medical_emergency", "crisis"]


def test_a_denial_beside_a_sign_of_crisis_is_no_denial() -> None:
    found = ASSESSOR.assess("I'm not suicidal, I just don't want to live anymore")
    assert (found.level, found.denied) == (RiskLevel.CRISIS, False)


def test_a_denial_beside_distress_stays_a_denial() -> None:
    found = ASSESSOR.assess("我没有想死，就是好绝望")
    assert (found.level, found.denied) == (RiskLevel.DISTRESS, True)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("my friend killed himself and now I want to die too", "self"),
        ("I told my brother I want to die", "self"),
        ("my brother told me he wants to die", "other"),
        ("i want to die because of my parents", "self"),
        ("我跟朋友说过想死", "self"),
        ("我朋友跟我说想死", "other"),
        ("他让我去死", "self"),
        ("女朋友走了，想死", "self"),
        ("我弟弟说：“我不想活了”", "other"),
        ("my son's calf is swollen and hot since yesterday", "other"),
        ("我妈刚做完手术，她胸口疼", "other"),
    ],
)
def test_subject(text: str, subject: str) -> None:
    assert ASSESSOR.assess(text).subject == subject


# --- spelling ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "I WANT TO DIE",
        "ｉ　ｗａｎｔ　ｔｏ　ｄｉｅ",
        "i want\nto die",
        "i want to d\u200bi\u200be",
        "I want to d i e",
        "k.i.l.l myself",
        "su1c1de",
        "kill my$elf",
        "I want to k*ll myself",
        "I'm gonna k!ll myself",
        "I don\u2019t want to live",
        "i wanna diiiieeee",
        "i wаnt to diе",  # with Cyrillic letters
        "i want to díe",
        "iwanttodie",
        "自 杀",
        "自...杀",
        "自·杀",
        "自\u200b杀",
        "我 想 死",
        "想  死",
        "我想……死",
        "我想死死死",
        "輕生",
        "我不想活著了",
        "跳樓",
        "想zs",
        "想自sha",
        "想die",
    ],
)
def test_spellings_of_a_crisis(text: str) -> None:
    assert ASSESSOR.assess(text).level is RiskLevel.CRISIS


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("I DON'T know!!", "i dont know"),
        ("what — really?  Yes…", "what,realy.yes"),
        ("she said: “I want”", "she said:i want"),
        ("３８．５度", "38 5度"),
        ("喘不過氣", "喘不过气"),
        ("", ""),
        ("\u200b \ud800", ""),
    ],
)
def test_normalise(text: str, spelling: str) -> None:
    characters = {ord("過"): "过", ord("氣"): "气"}
    assert normalise(text, characters) == spelling


# --- properties ----------------------------------------------------------------------------------

EDGES = st.text(alphabet=" \t\n.!?,。！？，…~、🙏🔥", max_size=6)


@given(st.text())
def test_never_raises_and_is_repeatable(text: str) -> None:
    found = ASSESSOR.assess(text)
    assert isinstance(found, Assessment)
    assert found == ASSESSOR.assess(text)
    assert (found.level is RiskLevel.NONE) == (not found.rule_ids)


@given(st.sampled_from(EVERY_LINE), EDGES, EDGES)
def test_level_is_stable_under_white_space_and_punctuation_around(
    line: str, before: str, after: str
) -> None:
    assert ASSESSOR.assess(before + line + after).level is ASSESSOR.assess(line).level


@given(st.sampled_from(EVERY_LINE), st.sampled_from(["  ", "\t", " \u00a0", "   ", "\u3000"]))
def test_level_is_stable_under_wider_spaces(line: str, space: str) -> None:
    wide = line.replace(" ", space)
    assert ASSESSOR.assess(wide).level is ASSESSOR.assess(line).level


@given(st.sampled_from(EVERY_LINE))
def test_level_is_stable_under_capitals(line: str) -> None:
    assert ASSESSOR.assess(line.upper()).level is ASSESSOR.assess(line).level


ALL_CHINESE = [line for line in lines(CRISIS_ZH) if not any(char.isascii() for char in line)]


@given(st.sampled_from(ALL_CHINESE), st.sampled_from([" ", "\u200b", "·", "\ufeff", "*"]))
def test_a_chinese_crisis_is_seen_through_signs_between_characters(line: str, sign: str) -> None:
    assert ASSESSOR.assess(sign.join(line)).level is RiskLevel.CRISIS


@given(st.sampled_from(CRISIS_LINES), st.sampled_from(EVERY_LINE))
def test_a_crisis_stays_one_whatever_else_is_said(crisis: str, other: str) -> None:
    assert ASSESSOR.assess(f"{crisis}\n{other}").level is RiskLevel.CRISIS
    assert ASSESSOR.assess(f"{other}\n{crisis}").level is RiskLevel.CRISIS


_RANDOM = random.Random(7)


@pytest.mark.parametrize(
    "text",
    [
        "".join(_RANDOM.choice(string.printable) for _ in range(10_000)),
        "".join(chr(_RANDOM.randint(0x4E00, 0x9FA5)) for _ in range(10_000)),
        "".join(chr(_RANDOM.randint(1, 0xD7FF)) for _ in range(10_000)),
        " ".join(_RANDOM.choice(" ".join(EVERY_LINE).split()) for _ in range(2_000))[:10_000],
        "a" * 10_000,
        "a " * 5_000,
        "." * 10_000,
        "i want to just really " * 450,
        "what if my leg " * 660,
        "dont really want to " * 500,
        "想" * 10_000,
        "脚很" * 5_000,
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_time_for_ten_thousand_characters(text: str) -> None:
    start = time.perf_counter()
    ASSESSOR.assess(text)
    assert time.perf_counter() - start < 2.0  # usually a tenth of a second; machines differ


def test_time_of_a_usual_message() -> None:
    messages = [line for line in EVERY_LINE if len(line) < 70]
    start = time.perf_counter()
    for message in messages:
        ASSESSOR.assess(message)
    assert (time.perf_counter() - start) / len(messages) < 0.005


# --- the rules file ------------------------------------------------------------------------------

SMALL = """\
characters: 殺杀
words:
  verb: kill|harm
people:
- {id: p_self, who: self, language: en, patterns: [i]}
exceptions:
- {id: e, level: crisis, language: en, patterns: ["kill time"]}
denials:
- {id: d, language: en, patterns: ["wont {verb}"]}
rules:
- id: r
  level: crisis
  language: en
  patterns: ["{verb} ~2 (my ?self|me)"]
marks:
- {id: m, mark: burden, language: en, patterns: ["a burden"]}
"""


def small(tmp_path: Path, old: str = "", new: str = "") -> Assessor:
    assert old in SMALL
    file = tmp_path / "rules.yml"
    file.write_text(SMALL.replace(old, new, 1) if old else SMALL, encoding="utf-8")
    return Assessor.load(file)


def test_pattern_language(tmp_path: Path) -> None:
    assessor = small(tmp_path)
    for text in ("Kill myself", "harm, my self", "killing? kill all of me"):
        assert assessor.assess(text).level is RiskLevel.CRISIS, text
    for text in ("skill myself", "kill all of it and me", "kill time", "kill. All of me"):
        assert assessor.assess(text).level is RiskLevel.NONE, text
    assert assessor.assess("i wont harm myself").denied
    assert assessor.assess("i wont, harm myself").level is RiskLevel.CRISIS
    assert assessor.assess("i'm a burden").marks == {"burden"}


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("level: crisis\n  language", "level: foo\n  language", 12, "unknown level 'foo'"),
        ("language: en\n  patterns", "language: fr\n  patterns", 13, "unknown language 'fr'"),
        ("  level: crisis\n  language: en\n", "  language: en\n", 11, "'level' is missing"),
        ("- id: r\n", "- id: d\n", 11, "id 'd' is not a text used only once"),
        ("  level: crisis\n  lang", "  colour: red\n  level: crisis\n  lang", 12, "unknown key"),
        ('["{verb} ~2', '["{noun} ~2', 14, "unknown words {noun}"),
        ('["{verb} ~2 (my', '["{verb}+ (my', 14, "'+' is not allowed"),
        ('["{verb} ~2 (my', '["{verb} .* (my', 14, "'.' is not allowed"),
        ('["{verb} ~2 (my ?self|me)"]', '["{verb} (me"]', 14, "cannot be read"),
        ('["{verb} ~2 (my ?self|me)"]', '["(me)?"]', 14, "would match any message"),
        ('["{verb} ~2 (my ?self|me)"]', "[1]", 14, "is not a pattern"),
        ('["{verb} ~2 (my ?self|me)"]', "[]", 14, "at least one pattern"),
        ("characters: 殺杀", "characters: 殺杀x", 1, "is not one new pair"),
        ("who: self", "who: us", 5, "unknown who 'us'"),
        ("words:\n  verb: kill|harm", "words:\n  verb: [kill]", 3, "one text of alternatives"),
        ("denials:", "denial:", 8, "unknown key 'denial'"),
        ("patterns: [i]", "patterns: [i", 5, "not valid YAML"),
    ],
)
def test_mistakes_name_their_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    with pytest.raises(ContentError) as caught:
        small(tmp_path, old, new)
    assert reason in caught.value.reason
    assert caught.value.line == line


def test_an_unknown_level_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ContentError) as caught:
        small(tmp_path, "level: crisis\n  language", "level: foo\n  language")
    assert str(caught.value) == (
        "rules.yml:12: unknown level 'foo' (use none, distress, crisis, medical_emergency)"
    )


def test_a_missing_file_is_a_content_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        Assessor.load(tmp_path / "none.yml")
