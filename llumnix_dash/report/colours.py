"""What each colour of a terminal says, the same in every command."""

GOOD = "green"
NOTE = "cyan"
CAUTION = "yellow"
BAD = "red"
WORDS = "blue"
QUIET = "bright_black"
