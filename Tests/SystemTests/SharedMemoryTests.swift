import Glibc
import System
import Testing

@Suite struct SharedMemoryTests {
  @Test func twoMappingsSeeTheSameBytes() throws {
    let ours = try SharedMemory(size: 1 << 20)
    let theirs = try SharedMemory(adopting: dup(ours.number))
    ours.write([1, 2, 3], at: (1 << 20) - 3)
    #expect(theirs.bytes(at: (1 << 20) - 4, count: 4) == [0, 1, 2, 3])
    #expect(theirs.size == 1 << 20)
  }

  @Test func nobodyCanTakeAwayWhatIsMapped() throws {
    let memory = try SharedMemory(size: 4096)
    #expect(ftruncate(memory.number, 0) == -1)
    #expect(ftruncate(memory.number, 8192) == -1)
  }

  @Test func memoryThatCouldShrinkIsRefused() {
    let file = unsafe open("/proc/self/status", O_RDONLY)
    #expect(throws: Errno(code: EINVAL)) { try SharedMemory(adopting: file) }
  }
}
