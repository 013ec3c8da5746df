# A base sysroot lowered to a glibc floor: its shared libraries become stubs
# that offer no symbol version above the floor, its headers say so too, and
# what newer headers ask for in spite of it is supplied by small static shims.
{ step, llvm }:
{
  target,
  floor,
  base,
  suite,
}:
let
  minor = builtins.elemAt (builtins.match "2\\.([0-9]+)" floor) 0;
in
step {
  name = "sysroot-${target.triple}-${floor}";
  path = [ llvm ];
  script = ''
    multiarch=${target.multiarch}
    lib=$out/usr/lib/$multiarch
    minor=${minor}
    cc="clang --target=${target.clang} --sysroot=$out -O2 -fPIC -ffile-prefix-map=$PWD=."
    # Debian keeps a compiler's folder below its own name of the architecture.
    mkdir $out
    cp -a ${base}/. $out/
    chmod -R u+w $out
    dirs=$out/usr/lib
    if [ -d $out/usr/lib64 ]; then dirs="$dirs $out/usr/lib64"; fi

    # Stubs, only where a file's name is its SONAME: other names are links to
    # it or older loaders' names.
    for so in $(find $lib $dirs -maxdepth 1 -name 'l*.so.*' | sort -u); do
      name=$(basename $so)
      soname=$(llvm-readelf -d $so | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p')
      [ "$name" = "$soname" ] || continue
      case $name in libstdc++* | libatomic* | libgomp* | libcrypt.*) continue ;; esac
      llvm-readelf --dyn-syms -W $so > syms
      awk -v FLOOR=${floor} -v ASM=stub.s -v MAP=stub.map -f ${../sysroot}/stub.awk syms
      $cc -Wno-unused-command-line-argument -c stub.s -o stub.o
      map=; [ -s stub.map ] && map=--version-script=stub.map
      rm -f $so
      ld.lld -shared -soname $soname $map --hash-style=gnu -o $lib/stub.tmp stub.o
      mv $lib/stub.tmp $so
    done
    # What the stubs replaced: the files that the links led to.
    find $dirs -name '*-2.[0-9][0-9].so' | xargs rm -f

    # The loader's names, which linker scripts use, lead to its stub.
    find $dirs -maxdepth 2 -type l | while read -r link; do
      [ -e "$link" ] && continue
      name=$(basename $link)
      if [ -e $lib/$name ] && [ ! -L $lib/$name ]; then
        ln -snf "$(dirname "$link" | sed "s|^$out/||; s|[^/][^/]*|..|g")/usr/lib/$multiarch/$name" "$link"
      else
        rm "$link"
      fi
    done

    # Shims may want libpthread, which was a library of its own before 2.34.
    sed -i "s|AS_NEEDED (|AS_NEEDED ( /lib/$multiarch/libpthread.so.0|" $lib/libc.so

    # Headers of the floor's glibc.
    features=$(find $out/usr/include -name features.h -path '*/include/features.h')
    sed -i "s/^#define[[:space:]]*__GLIBC_MINOR__[[:space:]].*/#define __GLIBC_MINOR__ $minor/" $features
    younger() { [ $minor -ge $1 ] || { shift; rm -f $out/usr/include/$1 $out/usr/include/$multiarch/$1; }; }
    younger 25 sys/random.h
    younger 28 threads.h
    younger 32 sys/single_threaded.h
    younger 35 sys/rseq.h
    younger 36 sys/pidfd.h
    younger 39 stdbit.h

    # Shims for what the floor lacks.
    mkdir shims
    sed 's/#.*//' ${../sysroot}/shims.list | while read -r symbol version; do
      [ -n "$symbol" ] || continue
      [ ''${version#2.} -gt $minor ] || continue
      $cc -c -DSHIM_$symbol ${../sysroot}/shims.c -o shims/$symbol.o
    done
    if [ -n "$(ls shims)" ]; then llvm-ar rcsD $lib/libc_nonshared.a shims/*.o; fi

    # C++ links statically, without a flag: no shared libstdc++ is there to find.
    gcc=$(dirname $(find $out/usr/lib/gcc -name libstdc++.a))
    rm -f $gcc/libstdc++.so* $lib/libstdc++.so*
    if [ $minor -lt 18 ]; then
      llvm-objcopy --redefine-sym __cxa_thread_atexit_impl=xbuild_thread_atexit $gcc/libstdc++.a
    fi
    if [ $minor -lt 30 ]; then
      config=$(find $out/usr/include -name c++config.h)
      sed -i -E 's@^#define (_GLIBCXX_USE_PTHREAD_(COND_CLOCKWAIT|MUTEX_CLOCKLOCK|RWLOCK_CLOCKLOCK)) .*@/* \1: above the floor */@' $config
    fi
    ${
      # GCC 10's unwinder needs nothing above any floor, so it links statically
      # too; GCC 14's wants _dl_find_object of glibc 2.35, so there libgcc_s,
      # which every glibc system has, stays shared.
      if suite == "bullseye" then
        ''
          rm -f $gcc/libgcc_s.so* $lib/libgcc_s.so*
          echo 'GROUP ( libgcc_eh.a libgcc.a )' > $gcc/libgcc_s.so
        ''
      else
        ""
    }
    # Links to shared libraries that the packages hold no library for would
    # hide the static ones beside them.
    find $out/usr -type l | while read -r link; do [ -e "$link" ] || rm "$link"; done
  '';
}
