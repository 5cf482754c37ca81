import sys,yaml,time,json,collections
from bot.train import train_risk
t=time.time()
if '--no' not in sys.argv: train_risk()
print('trained',time.time()-t)
from bot.safety.runtime import load_risk
R=load_risk()
show='-v' in sys.argv
for l in ('en','zh'):
    it=yaml.safe_load(open(f'tests/evaluation/safety/development.{l}.yml'))
    g=[(i,R.assess(i['text'])) for i in it]
    def sh(n,rows,f): rows=list(rows); print(f"  {n:28}",sum(map(f,rows)),'/',len(rows))
    print(l)
    C=[x for x in g if x[0]['level']=='crisis']
    sh('crisis',C,lambda x:x[1].level.value=='crisis')
    im=[x for x in C if x[0].get('imminent')]
    sh('imminent first',im,lambda x:x[1].imminent)
    sh('not imminent called so',[x for x in C if not x[0].get('imminent')],lambda x:x[1].imminent)
    sh('right person',C,lambda x:x[1].subject==x[0].get('subject'))
    E=[x for x in g if x[0]['level']=='medical_emergency']
    sh('emergency',E,lambda x:x[1].level.value in('crisis','medical_emergency'))
    sh('now',[x for x in E if x[0].get('urgency')=='now'],lambda x:x[1].urgency!='today' and x[1].level.value!='none')
    sh('today said today',[x for x in E if x[0].get('urgency')=='today'],lambda x:x[1].urgency=='today')
    D=[x for x in g if x[0]['level']=='distress']
    sh('distress+',D,lambda x:x[1].level.value!='none'); sh('distress called crisis',D,lambda x:x[1].level.value=='crisis')
    N=[x for x in g if x[0]['level']=='none']
    sh('false alarms',N,lambda x:x[1].level.value in('crisis','medical_emergency')); sh(' crisis',N,lambda x:x[1].level.value=='crisis')
    T=yaml.safe_load(open(f'tests/evaluation/development3.{l}.yml')); T=[i for i in T if i.get('topic')]
    tg=[(i,R.assess(i['text'])) for i in T]
    sh('dev3 topics called crisis',tg,lambda x:x[1].level.value=='crisis'); sh('  alarm',tg,lambda x:x[1].level.value in('crisis','medical_emergency'))
    if show:
        for x in C:
            if x[1].level.value!='crisis': print('   miss',x[1].leaning,x[0]['kind'],x[0]['text'][:150])
            elif x[0].get('imminent') and not x[1].imminent: print('   noimm',{k:round(v,2) for k,v in R._classifier.probabilities(x[0]['text']).items() if v>.03},x[0]['text'][:120])
            elif x[1].imminent and not x[0].get('imminent'): print('   imm?',x[0]['kind'],x[0]['text'][:120])
        for x in E:
            if x[1].level.value not in('crisis','medical_emergency'): print('   missE',x[0]['text'][:150])
        for x in N+[(i,r) for i,r in tg]:
            if x[1].level.value in('crisis','medical_emergency'): print('   FA',x[1].leaning,x[1].gentle,x[1].rules[:2],x[0]['text'][:150])
