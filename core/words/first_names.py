"""First names that are masked wherever they stand, known to the desk or not. Pure."""

from typing import Final

_RUSSIAN: Final = """
александр александра алексей алёна алина алиса алла альбина анастасия анатолий ангелина андрей анна
антон антонина аня аркадий арсений артём артур богдан борис вадим валентин валентина валерий валерия
варвара василий василиса вера вероника виктор виктория виталий влад владимир владислав вова вячеслав
галина геннадий георгий герман глеб григорий даниил данила дарина дарья даша денис диана дима
дмитрий ева евгений евгения егор екатерина елена елизавета жанна женя зинаида зоя иван игорь илья
инна ирина ира камила катя кирилл клавдия константин костя ксения лариса лев леонид лена лера лидия
лилия люба любовь людмила люда мадина максим маргарита марина мария марк маша михаил миша надежда
надя наталья наталия наташа настя никита николай коля нина оксана олег олеся ольга оля павел паша
пётр петя полина раиса рамиль ренат рита роман ростислав руслан рустам сабина саша светлана света
святослав семён серафима сергей серёжа соня софия софья станислав стас степан таисия тамара таня
тарас татьяна тимофей тимур ульяна фатима фаина фёдор филипп эдуард элина эльвира эмма юлия юля юра
юрий яков ян яна ярослав
"""
_ENGLISH: Final = """
aaron adam alan albert alex alexander alexandra alice amanda amy andrea andrew angela ann anna anne
anthony barbara benjamin bob brian catherine charles charlotte chris christina christopher daniel
david deborah dennis diana donald donna edward elena elizabeth emily emma eric ethan eugene eva
frank gary george gregory harry heather helen henry ivan jack jacob james jane janet jason jeffrey
jennifer jessica joan john jonathan joseph joshua julia julie karen kate katherine kathleen kenneth
kevin laura lauren linda lisa liz louis lucas lucy margaret maria marie martha mary matthew megan
melissa michael michelle mike nancy natalia nathan nicholas nicole olga oliver olivia pamela
patricia patrick paul peter philip rachel raymond rebecca richard robert roger ronald ruth ryan
samantha samuel sandra sarah scott sean sharon sofia sophia stephanie stephen steven susan thomas
timothy tom tyler victor victoria vincent virginia walter william
"""
# Russian ones in Latin letters.
_LATIN: Final = """
aleksandr aleksandra aleksei aleksey alexei alexey alina anastasia anastasiya anatoly andrei andrey
anton arkady artem artyom boris darya denis dima dmitri dmitry ekaterina elizaveta evgenia evgeny
galina gennady georgy gleb grigory igor ilya inna irina kirill konstantin ksenia larisa leonid lida
ludmila lyudmila lyubov maksim marina masha maxim mikhail misha nadezhda nastya natalya
natasha nikita nikolai nikolay nina oksana oleg olesya pavel polina pyotr raisa roman ruslan sasha
sergei sergey slava sonya stanislav stas stepan svetlana tamara tanya tatiana tatyana timofey timur
ulyana vadim valentin valentina valery varvara vasily vera viktor viktoria vitaly vladimir vladislav
vyacheslav yana yaroslav yegor yelena yulia yuri yury zhanna zinaida zoya
"""
FIRST_NAMES: Final = (*_RUSSIAN.split(), *_ENGLISH.split(), *_LATIN.split())
"""In the nominative, in lower case; Russian ones with their short forms."""
