from collections import OrderedDict

class Branch:
    code: str
    name: str
    kana: str

class _BankMeta(type):
    @property
    def all(cls) -> OrderedDict[str, Bank]: ...

class Bank(metaclass=_BankMeta):
    code: str
    name: str
    kana: str
    branches: OrderedDict[str, Branch]
