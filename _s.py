import yaml
from bot.safety.runtime import load_risk
from bot.safety.sentences import sentences
R=load_risk()
C=R._classifier
M=lambda p: sum(p.get(k,0) for k in ('crisis','imminent','crisis_other','imminent_other'))
for l in ('en','zh'):
    rows=[]
    for f,sel in ((f'tests/evaluation/safety/development.{l}.yml',None),(f'tests/evaluation/development3.{l}.yml','t')):
        for i in yaml.safe_load(open(f)):
            lev=i.get('level') or ('none' if i.get('topic') else None)
            if not lev: continue
            ss=sentences(i['text'])
            if len(ss)<2: continue
            w=M(C.probabilities(i['text'])); pr=[M(p) for p in C.rows(ss)]
            j=max(range(len(ss)),key=lambda k:pr[k])
            rows.append((lev,round(w,2),round(pr[j],2),sorted([round(x,2) for x in pr])[-2:],len(ss),ss[j][:60]))
    print(l)
    for lev in ('crisis','distress','none'):
        q=[r for r in rows if r[0]==lev]
        print(lev,len(q))
        for r in sorted(q,key=lambda r:-max(r[1],r[2]))[: None if lev=='crisis' else 30]: print('   ',r)
