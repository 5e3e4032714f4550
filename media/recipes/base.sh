# The one signal behind nearly every fixture, and shorthands.
# Truth: a white flash (2 frames) and a 1 kHz beep (3840 samples) begin together at exactly 1, 3, 5 … 19 s.

V="color=black:s=320x240:r=25:d=21,drawbox=c=white:t=fill:enable='lt(mod(n+25,50),2)'"
A="aevalsrc=exprs='0.8*cos(2*PI*1000*n/48000)*lt(mod(n+48000,96000),3840)':s=48000:d=21"
H264=(-c:v libx264 -preset veryfast -bf 2 -g 50)
AV=("${H264[@]}" -c:a aac)
FLAT=(-muxdelay 0 -muxpreload 0)

make:base.nut() { ff -f lavfi -i "$V" -f lavfi -i "$A" -c:v ffv1 -c:a pcm_s16le -shortest "$1"; }

# base OUT OPTION…: the base signal, encoded another way.
base() { ff -i "$(need base.nut)" "${@:2}" "$1"; }

# The committed clips of media/: four seconds, events at 1 and 3 s.
small() { base "$1" -t 4 -vf scale=160:120 "${H264[@]}" -c:a aac -b:a 64k "${@:2}"; }
make:beep.mp4() { small "$1" -movflags +faststart; }
make:beep.ts() { small "$1" "${FLAT[@]}" -mpegts_flags +resend_headers; }
make:tracks.mkv() {
  ff -i "$(need base.nut)" -i "$(need cues.srt)" -t 4 -vf scale=160:120 "${H264[@]}" -c:a flac -c:s srt \
    -filter_complex "[0:a]volume=0.5[quiet]" -map 0:v -map 0:a -map "[quiet]" -map 1:s \
    -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:s:0 language=eng \
    -disposition:a:0 default -disposition:a:1 0 "$1"
}
