# Sound of every make, subtitles, and files with several tracks.

make:aonly.m4a() { ff -i "$(need aac.mp4)" -vn -c copy "$1"; }
make:vonly.mp4() { ff -i "$(need aac.mp4)" -an -c copy "$1"; }
# A video track is declared, but holds no packet.
make:zero-video.mkv() { ff -i "$(need aac.mp4)" -c copy -bsf:v "noise=drop='gte(n,0)'" "$1"; }

# Cover art is not a video track.
make:cover.mp3() {
  ff -i "$(need base.nut)" -i "$(need still.jpg)" -t 4 -map 0:a -map 1:v -c:a libmp3lame -c:v copy -id3v2_version 3 "$1"
}
make:cover.m4a() {
  ff -i "$(need base.nut)" -i "$(need still.jpg)" -t 4 -map 0:a -map 1:v -c:a aac -c:v copy \
    -disposition:v attached_pic "$1"
}

# 5.1 (L R C LFE Ls Rs): a tone of amplitude 0.5 in each, at 300, 500, 700, 60, 1100 and 1300 Hz.
make:surround.wav() {
  local tones="0.5*sin(600*PI*t)|0.5*sin(1000*PI*t)|0.5*sin(1400*PI*t)|0.5*sin(120*PI*t)|0.5*sin(2200*PI*t)"
  ff -f lavfi -i "aevalsrc=exprs='$tones|0.5*sin(2600*PI*t)':c=5.1(side):s=48000:d=2" -c:a pcm_s16le "$1"
}
make:stereo.wav() {
  ff -f lavfi -i "aevalsrc=exprs='0.5*sin(600*PI*t)|0.5*sin(1000*PI*t)':c=stereo:s=48000:d=2" -c:a pcm_s16le "$1"
}
silence() { ff -f s16le -ar "$2" -ac "$3" -t "$4" -i /dev/zero -c:a pcm_s16le -f wav "$1"; }
make:channels500.wav() { silence "$1" 48000 500 0.1; }
make:rate1.wav() { silence "$1" 1 1 5; }
# The rate in the header (byte 24) set to 4 000 000 000.
make:rate4g.wav() {
  silence "$1" 48000 1 1
  printf '\x00\x28\x6b\xee' | dd of="$1" bs=1 seek=24 conv=notrunc status=none
}

# Cues at 0.5–2, 2.5–4 and 6.25–7.75 s, the second with a tag.
make:cues.srt() {
  printf '%s\n' 1 '00:00:00,500 --> 00:00:02,000' 'first light' '' \
    2 '00:00:02,500 --> 00:00:04,000' '<i>second</i> light' '' \
    3 '00:00:06,250 --> 00:00:07,750' 'third light' '' >"$1"
}
subtitled() {
  ff -i "$(need base.nut)" -i "$(need cues.srt)" -t 10 -map 0 -map 1 "${@:2}" "$1"
}
make:subs.mkv() {
  ff -i "$(need base.nut)" -i "$(need cues.srt)" -t 10 -map 0 -map 1 -map 1 "${AV[@]}" -c:s:0 srt -c:s:1 ass \
    -metadata:s:s:0 language=eng -metadata:s:s:1 language=deu "$1"
}
make:subs.mp4() { subtitled "$1" "${AV[@]}" -c:s mov_text; }
make:subs.webm() { subtitled "$1" -c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis -c:s webvtt; }
make:subs-only.mkv() { ff -i "$(need cues.srt)" -c:s srt "$1"; }

# Sound in two languages: beeps (English, default) and a steady tone (German).
make:languages.mkv() {
  ff -i "$(need base.nut)" -f lavfi -i "sine=f=440:r=48000:d=21" -map 0:v -map 0:a -map 1:a -c:v copy -c:a flac \
    -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -disposition:a:0 default -disposition:a:1 0 "$1"
}
