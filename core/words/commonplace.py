"""Words that say nothing about what a ticket is about, as the search keeps them. Pure."""

from typing import Final

from core.words.stems import stems_of

COMMONPLACE: Final = frozenset(
    stems_of(
        "the and for with not you are was were this that these those have has had but from our your"
        " can could will would there they them then than when where what which who how why all any"
        " been does did just also only very please help hello thanks thank still again today",
        "как что это эта этот эти для при или ещё нет уже так там тут здесь если когда чтобы только"
        " очень опять снова просто можно нужно надо пожалуйста здравствуйте добрый день вечер утро"
        " спасибо подскажите помогите сегодня вчера завтра меня мне нас нам вас вам его они она оно"
        " был была было были есть будет без под над про все всё весь вся кто где куда почему не ни"
        " но на по до из от за со во об же ли бы тоже также потом сейчас после перед через мой моя",
    )
)
