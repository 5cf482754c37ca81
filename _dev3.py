import asyncio,yaml,collections,sys
from tests.tester import Bot
from bot.train import train
async def main():
    bot=Bot(train())
    for l in ('en','zh'):
        c=collections.Counter(); n=0; bad=[]
        for i in yaml.safe_load(open(f'tests/evaluation/development3.{l}.yml')):
            if not i.get('topic') : continue
            conv=bot.new(); await conv.say(i['text']); s=await conv.slots(); n+=1
            c[s['risk_level']]+=1
            if s['risk_level']=='crisis': bad.append((i['topic'],i['text'][:110]))
        print(l,n,dict(c)); print(*bad,sep='\n')
asyncio.run(main())
