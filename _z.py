from bot.safety.runtime import *
import time
t=time.time(); r=load_regions(); print('load',time.time()-t)
for t in ["在临沂","临沂市","I'm in Leeds","I'm in Reading","reading","nice","我在中山","im in texas","from kerala","i live in the bay area","山东省","我在吉林做的手术","我在吉林","土耳其手术多少钱","I'm reading about it","i am in pain","a friend in Ohio had it done","人在昆山","坐标义乌","我是河南人","去上海做手术","Is it cheaper in Texas?","I'm in Portland","houston","essex","york","i'm 17 from Essex","我想去大理旅游","我在德州"]:
    print(t,'|',r.find(t),r.only(t))
t=time.time()
for _ in range(200): r.find("I have been thinking about limb lengthening for a long time and I am 165 cm tall, what does it cost in Turkey?"*8)
print((time.time()-t)/200*1000,'ms')
for t in ["Ich wohne in Berlin","ich bin aus der Schweiz","vivo en Ciudad de México","vivo en London","живу в Москве","東京に住んでいます","서울에 살아요","İstanbul'da yaşıyorum","Россия","أعيش في القاهرة","j'habite à Lyon","อยู่กรุงเทพ","mieszkam w Krakowie","Quiero ir a España","j'habite à Nice","ich bin in einer Krise"]: print(t, r.find(t))
