import CFFmpeg

/// FFmpeg's dictionary of options; what it consumed leaves it.
struct Options: ~Copyable {
  var dictionary: OpaquePointer?

  subscript(key: String) -> String {
    get { tagValue(dictionary, key) ?? "" }
    set { av_dict_set(&dictionary, key, newValue, 0) }
  }

  deinit {
    var dictionary = dictionary
    av_dict_free(&dictionary)
  }
}

func tagValue(_ dictionary: OpaquePointer?, _ key: String) -> String? {
  av_dict_get(dictionary, key, nil, 0).map { String(cString: $0.pointee.value) }
}
