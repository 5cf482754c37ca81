import time,re
t=time.process_time()
from bot.safety.runtime import *
print('import',time.process_time()-t); t=time.process_time()
l=load_languages(); print('lang cpu',time.process_time()-t); t=time.process_time()
from bot.content import load_yaml
load_yaml(DATA/"knowledge"/"countries.yml"); print('yaml',time.process_time()-t); t=time.process_time()
r=load_regions(); print('regions cpu',time.process_time()-t)
from bot.safety.regions import _STATEMENTS,_fill
print(len(r._place.pattern))
for s in _STATEMENTS[:4]:
    t=time.process_time(); re.purge(); re.compile(_fill(s,r._place.pattern)); print(time.process_time()-t)
