# Faults and features of time: wraps, holes, jumps, offsets, drift, odd rates, cuts.

make:aac.mp4() { base "$1" "${AV[@]}"; }
make:aac.ts() { base "$1" "${AV[@]}"; }
make:aac.mkv() { base "$1" "${AV[@]}"; }
make:aac.flv() { base "$1" "${AV[@]}"; }

# Sound exactly 500 ms late.
make:off500.ts() {
  ff -i "$(need base.nut)" -itsoffset 0.5 -i "$(need base.nut)" -map 0:v -map 1:a "${AV[@]}" "$1"
}
# Sound runs 1000 ppm fast: −1 ms per second.
make:drift1000ppm.mp4() { base "$1" -af asetrate=48048,aresample=48000 "${AV[@]}"; }
# A hole of about 2 s in the sound, from 4.2 s on; in the picture; and by lost packets.
make:agap.ts() { base "$1" -af "aselect='not(between(t,4.2,6.2))'" "${AV[@]}"; }
make:vgap.ts() { base "$1" -vf "select='not(between(t,5.5,8.49))'" -fps_mode vfr "${AV[@]}"; }
make:adrop.ts() { ff -i "$(need aac.ts)" -c copy -bsf:a "noise=drop='between(n,200,290)'" "$1"; }
make:vfr.mp4() {
  base "$1" -vf "select='lt(mod(n+25,50),2)+not(mod(n*7919,5))'" -fps_mode vfr "${AV[@]}"
}
# Starts at two hours.
make:t2h.ts() { base "$1" "${AV[@]}" -output_ts_offset 7200; }

# 33-bit wraps: one at 10 s; two in 60 hours (a frame every 10 s); 37 in 1000 hours (a frame every 30 s).
make:wrap10.ts() { base "$1" "${AV[@]}" "${FLAT[@]}" -output_ts_offset 95433.7177; }
sparse() {
  ff -f lavfi -i "color=gray:s=64x64:r=1/$2:d=$3" -c:v libx264 -preset ultrafast -g 10 -bf 0 \
    -output_ts_offset 1000 "$1"
}
make:wrap60h.ts() { sparse "$1" 10 216000; }
make:wrap1000h.ts() { sparse "$1" 30 3600000; }

# Ten seconds, then ten more: of another size and sound rate; of the same stamps again; of other codecs.
make:part1.ts() { base "$1" -t 10 "${AV[@]}" "${FLAT[@]}"; }
make:part-change.ts() {
  base "$1" -t 10 -vf scale=640:360 -ar 44100 -ac 2 "${AV[@]}" "${FLAT[@]}" -output_ts_offset 10
}
make:part-codec.ts() { base "$1" -t 10 -c:v mpeg2video -c:a mp2 "${FLAT[@]}" -output_ts_offset 10; }
make:change.ts() { cat "$(need part1.ts)" "$(need part-change.ts)" >"$1"; }
make:back10.ts() { cat "$(need part1.ts)" "$(need part1.ts)" >"$1"; }
make:codec.ts() { cat "$(need part1.ts)" "$(need part-codec.ts)" >"$1"; }

# A playlist with a discontinuity after 8 s.
make:hls() {
  mkdir -p "$1"
  local list=(-f hls -hls_time 2 -hls_list_size 0)
  ff -i "$(need aac.mp4)" -t 8 -c copy "${list[@]}" -hls_flags omit_endlist "$1/d.m3u8"
  base "$1/d.m3u8" -t 8 -vf scale=640:480 "${AV[@]}" "${list[@]}" -hls_flags append_list+discont_start
}

# No stamps at all, or synthesised ones.
make:nopts.h264() { ff -i "$(need aac.mp4)" -an -c copy "$1"; }
make:nopts.avi() { ff -i "$(need aac.mp4)" -c copy "$1"; }

# Sources of MP4 cuts: flashes of 80 ms at odd seconds, at several rates.
rate() {
  local v="color=black:s=320x240:r=$2:d=21,drawbox=c=white:t=fill:enable='lt(mod(n+$2,2*$2),$2/12.5)'"
  ff -f lavfi -i "$v" -i "$(need base.nut)" -map 0:v -map 1:a "${AV[@]}" "$1"
}
make:rate24.mp4() { rate "$1" 24; }
make:rate25.mp4() { rate "$1" 25; }
make:rate30.mp4() { rate "$1" 30; }
make:rate50.mp4() { rate "$1" 50; }
make:rate60.mp4() { rate "$1" 60; }
make:cut.mp4() { ff -ss 3.3 -i "$(need aac.mp4)" -c copy "$1"; }

# Two hours at 29.97 and 23.976: one encoded cycle of 2.002 s, 3596 times over; the stamps are counted, so
# exact. Flash at frame 30 (24) of each cycle, beep (640 samples at 8 kHz) at sample 8008 of 16016: 1.001 s.
hours() {
  local half=$3 work
  work=$(mktemp -d)
  local v="color=black:s=64x48:r=$2/1001,drawbox=c=white:t=fill:enable='between(n,$half,$half+1)'"
  local a="aevalsrc=exprs='0.8*cos(2*PI*1000*n/8000)*between(n,8008,8647)':s=8000"
  ff -f lavfi -i "$v" -frames:v $((2 * half)) -c:v libx264 -preset ultrafast -bf 0 -g 600 "$work/v.h264"
  ff -f lavfi -i "$a" -af atrim=end_sample=16016 -f s16le "$work/a.raw"
  repeat "$work/v.h264" "$work/all.h264"
  repeat "$work/a.raw" "$work/all.raw"
  ff -r "$2/1001" -f h264 -i "$work/all.h264" -f s16le -ar 8000 -ac 1 -i "$work/all.raw" \
    -c:v copy -c:a flac -strict -2 "$1"
  rm -r "$work"
}
repeat() { for _ in {1..3596}; do cat "$1"; done >"$2"; }
make:hours29.mp4() { hours "$1" 30000 30; }
make:hours23.mp4() { hours "$1" 24000 24; }

# Lengths for the window rule.
make:clip17s.nut() { base "$1" -t 17 -c:v ffv1 -c:a pcm_s16le; }
make:clip17s.mp4() { base "$1" -t 17 "${AV[@]}"; }
make:clip23ms.wav() { ff -i "$(need base.nut)" -ss 1 -t 0.023 -vn -c:a pcm_s16le "$1"; }
make:clip23ms.nut() { base "$1" -ss 1 -t 0.023 -c:v ffv1 -c:a pcm_s16le; }

# For seeking: closed groups or intra pictures, and each kind of sound.
CLOSED=(-c:v mpeg2video -q:v 4 -g 12 -bf 2 -flags +cgop -sc_threshold 1000000000)
make:seek-mpeg2-mp3.ts() { scene "$1" "${CLOSED[@]}" -c:a libmp3lame; }
make:seek-h264-flac.mp4() { scene "$1" "${H264[@]}" -x264-params open-gop=0 -c:a flac -strict -2; }
make:seek-h264-opus.mp4() { scene "$1" "${H264[@]}" -x264-params open-gop=0 -c:a libopus; }
make:seek-ffv1-pcm.nut() { scene "$1" -c:v ffv1 -c:a pcm_s16le; }
make:seek-ffv1-vorbis.nut() { scene "$1" -c:v ffv1 -c:a libvorbis; }
make:seek-h264-flac.mkv() { scene "$1" "${H264[@]}" -x264-params open-gop=0 -c:a flac; }
make:seek-h264-aac.mp4() { scene "$1" "${H264[@]}" -c:a aac; }
make:seek-mpeg2-ac3.ts() { scene "$1" "${CLOSED[@]}" -c:a ac3; }
