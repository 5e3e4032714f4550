# Pictures of every make: one moving scene, stored in several ways that must look alike; and stills.

PICTURE="testsrc2=s=320x180:r=25"

# scene OUT OPTION…: 12 s of a moving picture with a sweeping tone and noise, no two seconds alike.
scene() {
  local sound="aevalsrc=0.4*sin(400*t*(1+t))+0.05*(random(0)-0.5):s=48000:d=12"
  ff -f lavfi -i "$PICTURE:d=12" -f lavfi -i "$sound" "${@:2}" "$1"
}
# view OUT OPTION…: 3 s of the picture alone.
view() { ff -f lavfi -i "$PICTURE:d=3" -c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p "${@:2}" "$1"; }

make:view.mp4() { view "$1"; }
# Stored turned to the left, with the order to show it turned to the right: as phones do.
make:rotated.mp4() {
  local turned
  turned=$(mktemp --suffix .mp4)
  view "$turned" -vf transpose=2
  ff -i "$turned" -c copy -metadata:s:v rotate=270 "$1"
  rm "$turned"
}
make:sideways.mp4() { view "$1" -vf transpose=2; }
make:anamorphic.mp4() { view "$1" -vf scale=160:180,setsar=2/1; }
make:fullrange.mp4() { view "$1" -vf scale=out_range=full -color_range pc; }
make:tenbit.mp4() { view "$1" -pix_fmt yuv420p10le; }
make:interlaced.ts() {
  ff -f lavfi -i "testsrc2=s=320x240:r=50:d=3" -vf tinterlace=interleave_top -c:v mpeg2video -q:v 3 \
    -flags +ilme+ildct -top 1 "$1"
}
hdr() { view "$1" -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc "$2" -colorspace bt2020nc; }
make:hdr-pq.mp4() { hdr "$1" smpte2084; }
make:hdr-hlg.mp4() { hdr "$1" arib-std-b67; }

# A flat grey, 128 of 255, stored in limited range, full range and ten bits.
gray() { ff -f lavfi -i "color=0x808080:s=64x64:r=25:d=1,format=rgb24" "${@:2}" "$1"; }
make:gray.mkv() { gray "$1" -c:v ffv1 -pix_fmt yuv420p; }
make:gray-full.mkv() { gray "$1" -vf scale=out_range=full -c:v ffv1 -pix_fmt yuv420p -color_range pc; }
make:gray-tenbit.mkv() { gray "$1" -c:v ffv1 -pix_fmt yuv420p10le; }

# White in a width that is no multiple of 8: what a converter leaves out at the edge is not white.
make:white854.mp4() { ff -f lavfi -i color=white:s=854x480:r=25:d=1 "${H264[@]}" -pix_fmt yuv420p "$1"; }
make:white854.png() { ff -f lavfi -i color=white:s=854x480:r=25:d=1 -frames:v 1 -f image2 "$1"; }

make:still.png() { ff -f lavfi -i "$PICTURE:d=1" -frames:v 1 -f image2 -c:v png "$1"; }
make:still.jpg() { ff -i "$(need still.png)" -q:v 2 -f image2 "$1"; }
# The same picture over black, by alpha: the right half is clear.
make:alpha.png() {
  ff -i "$(need still.png)" -vf "format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*lt(X,160)'" -f image2 "$1"
}
make:alpha-black.png() { ff -i "$(need still.png)" -vf "drawbox=x=160:w=160:h=180:c=black:t=fill" -f image2 "$1"; }

# Too large: 8192 × 8192.
make:huge.mp4() {
  ff -f lavfi -i color=black:s=8192x8192:r=1:d=2 -c:v libx264 -preset ultrafast -threads 1 "$1"
}
