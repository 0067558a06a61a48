// A board at a serial port, by Web Serial, or by whatever has the same streams.
"use strict";

/** The speed of the boards in docs/porting.md. */
const BAUD = 115200;

class SerialLine {
  /**
   * @param {SerialPort} port        or another object with `readable` and `writable`
   * @param {(bytes: Uint8Array) => void} received
   * @param {(why: string) => void} ended
   */
  static async open(port, received, ended) {
    await port.open?.({ baudRate: BAUD });
    return new SerialLine(port, received, ended);
  }

  constructor(port, received, ended) {
    this.port = port;
    this.writer = port.writable.getWriter();
    this.reader = port.readable.getReader();
    this.isOpen = true;
    this.read(received, ended);
  }

  async read(received, ended) {
    let why = "the port is closed";
    try {
      for (;;) {
        const { value, done } = await this.reader.read();
        if (done) break;
        received(value);
      }
    } catch (error) {
      why = error.message;
    }
    if (this.isOpen) {
      this.isOpen = false;
      ended(why);
    }
  }

  /** Sends bytes, in order. A port that is gone is noticed by the reader. */
  send(bytes) {
    if (this.isOpen) this.writer.write(bytes).catch(() => {});
  }

  async close() {
    this.isOpen = false;
    await this.reader.cancel().catch(() => {});
    this.reader.releaseLock();
    await this.writer.close().catch(() => {});
    await this.port.close?.();
  }
}

if (typeof module !== "undefined") {
  module.exports = { SerialLine };
}
