import Media
import Store
import System
import Testing

@Suite struct ThreadTests {
  /// One appends, one reserves epochs, three read.
  @Test func readersFollowTheWriter() async throws {
    let store = try openStore(MemoryDisk())
    let count: Int64 = 400
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await write(count, store) }
      tasks.addTask {
        for epoch in 0..<Int32(50) where try store.reserveEpoch(of: "yard") != epoch { throw Broken("epoch") }
      }
      for _ in 0..<3 { tasks.addTask { try await read(count, store) } }
      try await tasks.waitForAll()
    }
    #expect(store.durable == store.end)
    #expect(store.counters["store_records"] == count)
  }

  /// Who asks in a task must not be held up by a disk that does not answer.
  @Test func whatIsKnownIsToldWhileTheDiskHangs() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    let id = RecordID(source: "door", epoch: 0, window: 0)
    _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
    _ = try store.sync()
    let (hanging, answered, ended) = (Semaphore(), Semaphore(), Semaphore())
    disk.fail { _, call in
      guard call == .room else { return nil }
      hanging.signal()
      answered.wait()
      return nil
    }
    try startThread {
      try? store.lookAtRoom()
      ended.signal()
    }
    hanging.wait()
    #expect(store.knows("door") && !store.knows("yard"))
    #expect(store.durable.segment == 1 && store.sourceCount == 1)
    answered.signal()
    ended.wait()
  }
}

private func write(_ count: Int64, _ store: RecordStore) async throws {
  for window in 0..<count {
    let id = RecordID(source: "door", epoch: 0, window: window)
    _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
    if window % 3 == 0 || window == count - 1 { _ = try store.sync() }
    await Task.yield()
  }
}

/// Until all is read, or another task has failed.
private func read(_ count: Int64, _ store: RecordStore) async throws {
  var reader = store.reader()
  var next: Int64 = 0
  while next < count {
    try Task.checkCancellation()
    guard let batch = try reader.next() else {
      await Task.yield()
      continue
    }
    for id in TestRecord.ids(batch.bytes) ?? [] {
      guard id.place.window == next else { throw Broken("\(id) for \(next)") }
      next += 1
    }
  }
}
