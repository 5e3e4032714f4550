# What is damaged, cut short, disguised, or no media at all.

# The first six tenths of a file.
cut_short() { head -c $(($(stat -c %s "$2") * 6 / 10)) "$2" >"$1"; }
make:trunc.ts() { cut_short "$1" "$(need aac.ts)"; }
make:trunc.mkv() { cut_short "$1" "$(need aac.mkv)"; }
make:trunc.flv() { cut_short "$1" "$(need aac.flv)"; }
make:trunc-nomoov.mp4() { cut_short "$1" "$(need aac.mp4)"; }
make:trunc-faststart.mp4() { cut_short "$1" "$(need faststart.mp4)"; }
make:faststart.mp4() { ff -i "$(need aac.mp4)" -c copy -movflags +faststart "$1"; }

# Noise in every picture that is no key frame.
make:corr.ts() { ff -i "$(need aac.ts)" -c copy -bsf:v "noise=amount='if(key,0,3)'" "$1"; }

make:empty.mp4() { : >"$1"; }
make:garbage.mp4() { yes 'this is a text, whatever its name may say' | head -c 100000 >"$1" || true; }
make:zeros.bin() { head -c 1000000 /dev/zero >"$1"; }
make:folder-without-media() { mkdir "$1" && printf 'a text\n' >"$1/notes.txt"; }

# A playlist and a script that pose as MP4 and point at another file.
make:disguised-playlist.mp4() {
  printf '#EXTM3U\n#EXTINF:10,\nfile://%s\n#EXT-X-ENDLIST\n' "$(need aac.ts)" >"$1"
}
make:disguised-concat.mp4() { printf 'ffconcat version 1.0\nfile aac.ts\n' >"$1"; need aac.ts >/dev/null; }
