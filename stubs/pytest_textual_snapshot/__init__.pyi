from typing import ClassVar

class SVGImageExtension:
    file_extension: ClassVar[str]
