# A triple as cargo spells it in the names of environment variables.
let
  letters = text: builtins.genList (at: builtins.substring at 1 text) (builtins.stringLength text);
in
builtins.replaceStrings (letters "abcdefghijklmnopqrstuvwxyz-") (
  letters "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
)
