# The eighteen container and codec pairs: the base signal through each, truth 0 between sound and picture.

MPEG4=(-c:v mpeg4 -q:v 4 -g 50)
MPEG2=(-c:v mpeg2video -q:v 4 -g 12 -bf 2)
HEVC=(-c:v libx265 -preset ultrafast -x265-params log-level=error)

make:pair-mp4-h264-aac.mp4() { base "$1" "${AV[@]}"; }
make:pair-mp4-h264-mp3.mp4() { base "$1" "${H264[@]}" -c:a libmp3lame; }
make:pair-fmp4-h264-aac.mp4() { base "$1" "${AV[@]}" -movflags +frag_keyframe+empty_moov+default_base_moof; }
make:pair-mov-h264-alac.mov() { base "$1" "${H264[@]}" -c:a alac; }
make:pair-3gp-h263-aac.3gp() { base "$1" -s 352x288 -c:v h263 -q:v 4 -c:a aac -ar 48000; }
make:pair-ts-h264-aac.ts() { base "$1" "${AV[@]}"; }
make:pair-ts-mpeg2-mp2.ts() { base "$1" "${MPEG2[@]}" -c:a mp2; }
make:pair-ts-h264-ac3.ts() { base "$1" "${H264[@]}" -c:a ac3; }
make:pair-mkv-h264-aac.mkv() { base "$1" "${AV[@]}"; }
make:pair-mkv-hevc-opus.mkv() { base "$1" "${HEVC[@]}" -c:a libopus; }
make:pair-mkv-h264-flac.mkv() { base "$1" "${H264[@]}" -c:a flac; }
make:pair-webm-vp8-opus.webm() { base "$1" -c:v libvpx -deadline realtime -cpu-used 8 -b:v 1M -c:a libopus; }
make:pair-webm-vp9-vorbis.webm() {
  base "$1" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -c:a libvorbis
}
make:pair-flv-h264-aac.flv() { base "$1" "${AV[@]}"; }
make:pair-nut-ffv1-pcm.nut() { base "$1" -c copy; }
make:pair-avi-mpeg4-pcm.avi() { base "$1" "${MPEG4[@]}" -c:a pcm_s16le; }
make:pair-mxf-mpeg2-pcm.mxf() { base "$1" "${MPEG2[@]}" -c:a pcm_s16le; }
make:pair-ogv-theora-vorbis.ogv() { base "$1" -c:v libtheora -q:v 7 -c:a libvorbis; }
