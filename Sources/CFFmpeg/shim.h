// Only what Swift cannot say: macros, array fields, and what differs between FFmpeg 5.1 and 8.
#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavcodec/defs.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static const int FF_EAGAIN = AVERROR(EAGAIN);
static const int FF_EOF = AVERROR_EOF;
static const int FF_EXIT = AVERROR_EXIT;
static const int FF_EIO = AVERROR(EIO);
static const int FF_ENOMEM = AVERROR(ENOMEM);
static const int FF_EINVAL = AVERROR(EINVAL);
static const int FF_INVALID_DATA = AVERROR_INVALIDDATA;
static const int FF_ETIMEDOUT = AVERROR(ETIMEDOUT);
static const int FF_EACCES = AVERROR(EACCES);
static const int FF_AVFORMAT_MAJOR = LIBAVFORMAT_VERSION_MAJOR;
static const int64_t FF_NOPTS = AV_NOPTS_VALUE;
static const int FF_SEEK_SIZE = AVSEEK_SIZE;

// AVFrame.data and friends are C arrays: Swift would see tuples.
static inline const uint8_t *_Nullable ff_plane(const AVFrame *_Nonnull f, int i) { return f->data[i]; }
static inline int ff_linesize(const AVFrame *_Nonnull f, int i) { return f->linesize[i]; }

static inline int ff_convert(struct SwrContext *_Nonnull s, float *_Nonnull out, int room,
                             const AVFrame *_Nonnull f) {
  uint8_t *planes[1] = {(uint8_t *)out};
  return swr_convert(s, planes, room, (const uint8_t **)f->extended_data, f->nb_samples);
}

static inline int ff_resample(struct SwrContext *_Nonnull s, float *_Nonnull out, int room,
                              const float *_Nullable in, int count) {
  uint8_t *to[1] = {(uint8_t *)out};
  const uint8_t *from[1] = {(const uint8_t *)in};
  return swr_convert(s, to, room, in ? from : NULL, count);
}

static inline int ff_scale(struct SwsContext *_Nonnull s, const AVFrame *_Nonnull f, uint8_t *_Nonnull out,
                           int stride) {
  uint8_t *to[4] = {out, NULL, NULL, NULL};
  int strides[4] = {stride, 0, 0, 0};
  return sws_scale(s, (const uint8_t *const *)f->data, f->linesize, 0, f->height, to, strides);
}

// Packed RGB into a frame of any format.
static inline int ff_fill(struct SwsContext *_Nonnull s, const uint8_t *_Nonnull rgb, int width, int height,
                          AVFrame *_Nonnull f) {
  const uint8_t *from[4] = {rgb, NULL, NULL, NULL};
  int strides[4] = {3 * width, 0, 0, 0};
  return sws_scale(s, from, strides, 0, height, f->data, f->linesize);
}

static inline int ff_is_key(const AVFrame *_Nonnull f) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
  return (f->flags & AV_FRAME_FLAG_KEY) != 0;
#else
  return f->key_frame;
#endif
}

static inline int ff_is_interlaced(const AVFrame *_Nonnull f) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
  return (f->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return f->interlaced_frame;
#endif
}

static inline int64_t ff_duration(const AVFrame *_Nonnull f) {
#if LIBAVUTIL_VERSION_MAJOR >= 58
  return f->duration;
#else
  return f->pkt_duration;
#endif
}

// The stream's display matrix (9 × int32), or null.
static inline const int32_t *_Nullable ff_display_matrix(const AVStream *_Nonnull s) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *d = av_packet_side_data_get(s->codecpar->coded_side_data,
                                                      s->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return d && d->size >= 36 ? (const int32_t *)d->data : NULL;
#else
  size_t size = 0;
  const uint8_t *d = av_stream_get_side_data(s, AV_PKT_DATA_DISPLAYMATRIX, &size);
  return d && size >= 36 ? (const int32_t *)d : NULL;
#endif
}

// The frame's own display matrix (9 × int32), as a JPEG's EXIF gives it, or null.
static inline const int32_t *_Nullable ff_frame_matrix(const AVFrame *_Nonnull f) {
  const AVFrameSideData *d = av_frame_get_side_data(f, AV_FRAME_DATA_DISPLAYMATRIX);
  return d && d->size >= 36 ? (const int32_t *)d->data : NULL;
}

// Samples to leave out at the start and at the end of a frame, as the container signals them.
static inline void ff_skip_samples(const AVFrame *_Nonnull f, uint32_t *_Nonnull start, uint32_t *_Nonnull end) {
  const AVFrameSideData *d = av_frame_get_side_data(f, AV_FRAME_DATA_SKIP_SAMPLES);
  *start = d && d->size >= 10 ? AV_RL32(d->data) : 0;
  *end = d && d->size >= 10 ? AV_RL32(d->data + 4) : 0;
}

// When the sender captured a packet by its own clock, in microseconds since 1970; FF_NOPTS where it does not say.
static inline int64_t ff_sender_time(const AVPacket *_Nonnull p) {
  size_t size = 0;
  const uint8_t *d = av_packet_get_side_data(p, AV_PKT_DATA_PRFT, &size);
  return d && size >= sizeof(AVProducerReferenceTime) ? ((const AVProducerReferenceTime *)d)->wallclock
                                                      : AV_NOPTS_VALUE;
}

// Puts `opening` in the place of what opens every file and address of a demuxer, and returns what was there.
typedef int (*ff_opener)(struct AVFormatContext *_Nonnull s, AVIOContext *_Nullable *_Nonnull pb,
                         const char *_Nonnull url, int flags, AVDictionary *_Nullable *_Nullable options);
static inline ff_opener _Nonnull ff_replace_opener(AVFormatContext *_Nonnull s, ff_opener _Nonnull opening) {
  ff_opener before = s->io_open;
  s->io_open = opening;
  return before;
}

static inline AVRational ff_frame_rate(const AVStream *_Nonnull s) {
  return s->avg_frame_rate.num ? s->avg_frame_rate : s->r_frame_rate;
}

static inline void ff_quiet(void) { av_log_set_level(AV_LOG_QUIET); }
