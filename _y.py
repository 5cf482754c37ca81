import yaml, collections
from bot.safety.runtime import load_risk
R=load_risk()
e=yaml.safe_load(open('tests/evaluation/safety/languages.yml'))
n=collections.Counter()
for l,x in e.items():
    row=[]
    for k,v in x.items():
        g=[R.assess(t) for t in v]
        c=collections.Counter(r.level.value for r in g); row.append((k,dict(c)))
        sp=sum(r.spoken==l for r in g if r.level.value!='none')
        for r,t in zip(g,v):
            if r.level.value!=k: print('  ',l,k,r.level.value,r.spoken,r.rules,t)
    print(l,row,sp)
for f in ['tests/evaluation/development3.en.yml','tests/evaluation/development.en.yml']:
    for i in yaml.safe_load(open(f)):
        r=R.assess(i['text'])
        if any('lang' in x for x in r.rules): print(r.level,r.rules,i['text'])
