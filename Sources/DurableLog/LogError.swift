/// Why the log did not do what it was asked.
package enum LogError: Error, Hashable, Sendable {
  /// As many records or bytes wait as may wait. Nothing was written; try again later.
  case overloaded(pendingRecords: Int, pendingBytes: Int)
  /// The disk has no space. Nothing was written; the log goes on as soon as there is space.
  case diskFull(DiskError)
  /// What the log must still keep has reached `LogConfiguration.bytesLimit`. Nothing was written; the log goes on when some of it may go.
  case sizeLimit(bytes: Int, limit: Int)
  /// The volume has so little space left that it is kept for records of what was done. Nothing was written; the log goes on by itself.
  case lowSpace(free: Int, needed: Int)
  /// A write or a sync failed, so that nobody can say what is on the disk. This record may or may not be; the log takes no more.
  case failed(DiskError)
  /// `close()` came first. Nothing was written.
  case closed
  /// The payload is longer than a record may be. Nothing was written.
  case tooLarge(bytes: Int, limit: Int)
  /// The log has counted all the records that its positions can name.
  case exhausted
  /// Another process has the log.
  case locked(directory: String)
  /// What was durable is no longer what was written. Nothing was changed.
  case corrupt(LogDamage)
  /// A newer version wrote the log. Nothing was changed.
  case unsupported(segment: String, offset: Int, what: String)
  /// The disk failed while the log was opened or read.
  case disk(DiskError)
  /// The directory holds no log.
  case noLog(directory: String, reason: String)
  /// A repair would not find room for the log that it writes beside the old one. Nothing was changed.
  case repairNeedsSpace(free: Int, needed: Int)
  /// No whole record of the log is at this position.
  case noRecord(LogPosition)
}

extension LogError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .overloaded(let records, let bytes):
      "log: \(records) records of \(bytes) bytes wait for the disk; send again later"
    case .diskFull(let error):
      "\(error); the record was not kept; free space or enlarge the volume, the log goes on by itself"
    case .sizeLimit(let bytes, let limit):
      "log: it holds \(bytes) bytes that are still needed, the limit is \(limit); the event was not kept; let jobs end, discard dead letters, "
        + "or raise `log.bytes`"
    case .lowSpace(let free, let needed):
      "log: \(free) bytes are free on the volume, new events need \(needed); the event was not kept; free space or enlarge the volume, the log "
        + "goes on by itself"
    case .failed(let error):
      "\(error); the log takes no more records until the process is started again, which finds out what is on the disk"
    case .closed:
      "log: closed; the record was not kept"
    case .tooLarge(let bytes, let limit):
      "log: a payload of \(bytes) bytes is over the limit of \(limit)"
    case .exhausted:
      "log: no record numbers are left; drain it and start with an empty directory"
    case .locked(let directory):
      "\(directory): another process has this log open; stop it, or give this one a directory of its own"
    case .corrupt(let damage):
      damage.description
    case .unsupported(let segment, let offset, let what):
      "\(segment): \(what) at byte \(offset) is of a newer version; nothing was changed; start the version that wrote it, or newer"
    case .disk(let error):
      "\(error); nothing was lost by it; check the volume and its permissions, then start again"
    case .noLog(let directory, let reason):
      "\(directory): \(reason); name the directory that is `state` in the configuration"
    case .repairNeedsSpace(let free, let needed):
      "repair: the new log needs up to \(needed) bytes beside the old one, \(free) are free; nothing was changed; enlarge the volume, or "
        + "work on a copy of the directory elsewhere"
    case .noRecord(let position):
      "\(position): no whole record there; start again to have the log checked"
    }
  }
}
