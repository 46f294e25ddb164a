"""Lines of keys, in texts written in every way that TOML allows."""

from __future__ import annotations

from stsctl.toml_lines import locate


def test_every_way_to_write_a_key() -> None:
    """Tables, quoted and dotted keys, values over several lines, strings that look like tables, comments."""
    text = '''\
# [not.this]
a = 1 # b = 2
"b c" = "[x]"
d . 'e' = """
[role.fake]
key = "\\"""" """
f = [ # ]
  "]", \'\'\'
]\'\'\',
  { g = 1 },
]
[role."x.y"]
from = 'it''s'
tags = { h = "}" }
tags2 = {}
  [role."\\u00e9"]
  i = 2020-01-01
[[list]]
j = 1
[[list]]
j = 2
'''.replace("'it''s'", "'its'")
    assert dict(locate(text)) == {
        ("a",): 2,
        ("b c",): 3,
        ("d",): 4,
        ("d", "e"): 4,
        ("f",): 7,
        ("role",): 12,
        ("role", "x.y"): 12,
        ("role", "x.y", "from"): 13,
        ("role", "x.y", "tags"): 14,
        ("role", "x.y", "tags2"): 15,
        ("role", "é"): 16,
        ("role", "é", "i"): 17,
        ("list",): 18,
        ("list", "j"): 19,
    }


def test_nothing_is_somewhere() -> None:
    """A text without keys has no lines to tell, with or without an end to its last line."""
    assert dict(locate("")) == {}
    assert dict(locate("# only this")) == {}
    assert dict(locate("a = 1")) == {("a",): 1}
