"""Python in the theme's colours, by Pygments' lexer."""

from __future__ import annotations

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from builder.widgets.theme import SEMIBOLD, Theme

#: Token types by name, most specific first, and the theme's colour for them.
_COLORS = (
    ("Token.Comment", "muted"),
    ("Token.Literal.String", "dense"),
    ("Token.Literal.Number", "activation"),
    ("Token.Keyword.Constant", "activation"),
    ("Token.Keyword", "pooling"),
    ("Token.Operator.Word", "pooling"),
    ("Token.Name.Builtin.Pseudo", "merge"),
    ("Token.Name.Class", "convolution"),
    ("Token.Name.Function", "convolution"),
    ("Token.Name.Decorator", "merge"),
    ("Token.Name.Namespace", "normalisation"),
)


class PythonHighlighter(QSyntaxHighlighter):
    """Colours a document that holds Python; a text is lexed whole, once, so that strings over lines come out right."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._spans: list[list[tuple[int, int, str]]] = []
        self._formats: dict[str, QTextCharFormat] = {}
        self._theme = theme
        self._load(theme)

    def read(self, text: str) -> None:
        """Lex the text that the document is going to hold."""
        from pygments.lexers.python import PythonLexer

        self._spans = [[]]
        column = 0
        for token, piece in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
            color = next((color for name, color in _COLORS if str(token).startswith(name)), "")
            for i, part in enumerate(piece.split("\n")):
                if i:
                    self._spans.append([])
                    column = 0
                # QTextDocument counts UTF-16 units.
                length = len(part.encode("utf-16-le")) // 2
                if color and part:
                    self._spans[-1].append((column, length, color))
                column += length

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._load(theme)
        self.rehighlight()

    def _load(self, theme: Theme) -> None:
        self._formats = {}
        for _, name in _COLORS:
            made = QTextCharFormat()
            made.setForeground(QColor(getattr(theme, name)))
            if name == "pooling":
                made.setFontWeight(SEMIBOLD)
            if name == "muted":
                made.setFontItalic(True)
            self._formats[name] = made

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        for start, length, color in self._spans[number] if number < len(self._spans) else ():
            self.setFormat(start, length, self._formats[color])
