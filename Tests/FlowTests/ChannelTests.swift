import Dispatch
import Synchronization
import Testing

@testable import Flow

/// Everything a channel still gives, waiting for nothing.
private func drain<Element>(_ channel: Channel<Element>) -> [Element] {
  var elements: [Element] = []
  while case .element(let element) = channel.receive(timeout: .now()) { elements.append(element) }
  return elements
}

extension Received {
  fileprivate var element: Element? { if case .element(let element) = self { element } else { nil } }
  fileprivate var isClosed: Bool { if case .closed = self { true } else { false } }
  fileprivate var isTimedOut: Bool { if case .timedOut = self { true } else { false } }
}

/// Sends on a thread of its own; tells how many went through.
private final class Sender: Sendable {
  private let sent = Atomic<Int>(0)
  private let done = DispatchSemaphore(value: 0)

  init(_ elements: [Int], into channel: Channel<Int>) {
    DispatchQueue(label: "sender").async { [self] in
      for element in elements where channel.send(element) { sent.add(1, ordering: .relaxed) }
      done.signal()
    }
  }

  var count: Int { sent.load(ordering: .relaxed) }

  func hasEnded(within time: DispatchTimeInterval = .seconds(2)) -> Bool {
    done.wait(timeout: .now() + time) == .success
  }
}

@Suite struct ChannelTests {
  @Test func aFullChannelHoldsTheSenderBack() {
    let channel = Channel<Int>(capacity: 3)
    let sender = Sender(Array(0..<10), into: channel)
    #expect(!sender.hasEnded(within: .milliseconds(20)))
    #expect(sender.count == 3)
    #expect(channel.receive().element == 0)
    #expect(!sender.hasEnded(within: .milliseconds(20)))
    #expect(sender.count == 4)
    var rest: [Int] = []
    while rest.count < 9, case .element(let element) = channel.receive() { rest.append(element) }
    #expect(rest == Array(1..<10))
    #expect(sender.hasEnded())
  }

  @Test func weightHoldsTheSenderBackToo() {
    let channel = Channel<Int>(capacity: 100, weightLimit: 10) { $0 }
    let sender = Sender([4, 4, 4, 1], into: channel)
    #expect(!sender.hasEnded(within: .milliseconds(20)))
    #expect(sender.count == 2)
    #expect(drain(channel).prefix(2) == [4, 4])
    #expect(sender.hasEnded())
  }

  @Test func anElementHeavierThanTheBoundPassesAlone() {
    let channel = Channel<Int>(capacity: 100, weightLimit: 10) { $0 }
    let sender = Sender([1, 50, 1], into: channel)
    #expect(!sender.hasEnded(within: .milliseconds(20)))
    #expect(sender.count == 1)
    var order: [Int] = []
    while order.count < 3, case .element(let element) = channel.receive() { order.append(element) }
    #expect(order == [1, 50, 1])
    #expect(sender.hasEnded())
  }

  @Test func whatWasSentBeforeTheCloseIsStillReceived() {
    let channel = Channel<Int>(capacity: 4)
    #expect(channel.send(1) && channel.send(2))
    channel.close()
    #expect(!channel.send(3))
    #expect(drain(channel) == [1, 2])
    #expect(channel.receive().isClosed)
  }

  @Test func aCloseFreesASenderThatWaits() {
    let channel = Channel<Int>(capacity: 1)
    let sender = Sender([1, 2, 3], into: channel)
    #expect(!sender.hasEnded(within: .milliseconds(20)))
    channel.close()
    #expect(sender.hasEnded())
    #expect(sender.count == 1)
  }

  @Test func aCloseFreesAReceiverThatWaits() {
    let channel = Channel<Int>(capacity: 1)
    DispatchQueue(label: "closer").asyncAfter(deadline: .now() + .milliseconds(20)) { channel.close() }
    #expect(channel.receive(timeout: .now() + .seconds(2)).isClosed)
  }

  @Test func anEmptyChannelTimesOutAndStaysUsable() {
    let channel = Channel<Int>(capacity: 1)
    for n in 0..<3 {
      #expect(channel.receive(timeout: .now() + .milliseconds(2)).isTimedOut)
      #expect(channel.send(n))
      #expect(channel.receive(timeout: .now() + .seconds(2)).element == n)
    }
  }

  @Test(arguments: [1, 2, 7, 64])
  func nothingIsLostOrReordered(_ capacity: Int) {
    let channel = Channel<Int>(capacity: capacity)
    let sender = Sender(Array(0..<2000), into: channel)
    var expected = 0
    while expected < 2000, case .element(expected) = channel.receive() { expected += 1 }
    #expect(expected == 2000)
    #expect(sender.hasEnded())
  }

  @Test func shortTimeoutsLoseNothing() {
    let channel = Channel<Int>(capacity: 2)
    let sender = Sender(Array(0..<2000), into: channel)
    var received: [Int] = []
    while received.count < 2000 {
      if case .element(let element) = channel.receive(timeout: .now() + .microseconds(1)) { received.append(element) }
    }
    #expect(received == Array(0..<2000))
    #expect(sender.hasEnded())
  }
}
