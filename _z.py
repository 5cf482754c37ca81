import yaml
from bot.safety.runtime import *
R=load_risk()
for l in ('en','zh'):
    it=yaml.safe_load(open(f'tests/evaluation/safety/development.{l}.yml'))
    im=[];no=[]
    for i in it:
        if i['level']!='crisis': continue
        p=R._classifier.probabilities(i['text']); a=R._assessor.assess(i['text'])
        (im if i.get('imminent') else no).append((round(p['imminent'],2),'imminent' in a.marks,round(p['crisis_other'],2),i['kind'],i['text'][:100]))
    print(l); print(*sorted(im),sep='\n'); print('-- not'); print(*sorted(no)[-22:],sep='\n')
