# Shell: the absolute links below the current folder become relative, so that
# the tree may stand anywhere.
''
  find . -type l | while read -r link; do
    to=$(readlink "$link")
    case $to in
      /*)
        up=$(dirname "$link" | sed -e 's|^\./*||' -e 's|[^/][^/]*|..|g')
        ln -snf "''${up:+$up/}''${to#/}" "$link" ;;
    esac
  done''
