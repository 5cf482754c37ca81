import yaml, collections, time
from pathlib import Path
from bot.safety.languages import *
o=OtherLanguages.load(Path('data/safety/other_languages.yml'))
t=time.time(); o.warm_up(); print('warm',time.time()-t)
from bot.safety.runtime import load_risk
R=load_risk()
e=yaml.safe_load(open('tests/evaluation/safety/languages.yml'))
U=[]
for l,x in e.items():
    ids=collections.Counter(); row=[]
    for k,v in x.items():
        got=[]
        for t in v:
            c=o.identify(t); ids[c]+=1
            g=o.assess(t,c).kind if c else '-'
            got.append(g)
            r=R.assess(t); U.append((k,l in o.languages,g,r.leaning,r.level.value,c))
            bad=(g in('none','-'))!=(k=='none') and g!='-'
            if bad or (c!=l and l in o.languages): print('   ',l,k,c,g,t)
        row.append((k,dict(collections.Counter(got))))
    print(l,dict(ids),row)
for kk in ('crisis','medical_emergency','none'):
  for inn in (True,False):
    q=[u for u in U if u[0]==kk and u[1]==inn and u[5]]
    print(kk,inn,len(q),'nn',sum(u[2]!='none' for u in q),{th:sum(u[2]!='none' or u[3]>=th for u in q) for th in (.12,.5,.75,.9)},{th:sum(u[3]>=th for u in q) for th in (.12,.5,.75,.9)})
# english/chinese that are taken for another
for f in ['tests/evaluation/development3.en.yml','tests/evaluation/development3.zh.yml','tests/evaluation/safety/development.en.yml','tests/evaluation/safety/development.zh.yml','tests/evaluation/development.en.yml','tests/evaluation/development.zh.yml']:
    it=yaml.safe_load(open(f)); c=collections.Counter(); 
    for i in it:
        k=o.identify(i['text']); c[k]+=1
        if k: print('  taken',k,o.assess(i['text'],k).kind,'|',i['text'][:90])
    print(f,c)
