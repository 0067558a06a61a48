// The memory and the work of one of CUDA's devices.
#pragma once

namespace machine {

using Stream = cudaStream_t;

inline void copy(void *to, const void *from, size_t count, Stream stream) {
    check(cudaMemcpyAsync(to, from, count, cudaMemcpyDeviceToDevice, stream),
          "memory is not copied");
}

// Where kernels are tested what they are to write is poisoned before.
inline void poison_output(void *, size_t, Stream) {}

// Bytes that wait for their way to the device, or come from there, where the driver reaches them by
// itself.
constexpr size_t STAGE = size_t(1) << 22;
// Graphs that are kept to be run again.
constexpr size_t GRAPHS = 8;

// All that is done on a device is done in one stream, one after the other.
struct Device {
    std::string description;
    int index = 0;
    Stream stream = nullptr;
    char *stage = nullptr;
    size_t staged = 0;
    std::mutex turn;
    // Graphs that have run once have none yet.
    std::map<uint64_t, cudaGraphExec_t> graphs;

    static int count() {
        int count = 0;
        if (cudaGetDeviceCount(&count) != cudaSuccess) {
            (void)cudaGetLastError();
            return 0;
        }
        return count;
    }

    void find(int at) {
        index = at;
        cudaDeviceProp found;
        check(cudaGetDeviceProperties(&found, at), "a device does not say what it is");
        description = found.name;
        // Devices of several generations in one machine all wait for the kernel before.
        begins_early() = found.major >= 9 && (at == 0 || begins_early());
        multiprocessors() = std::min(multiprocessors(), unsigned(found.multiProcessorCount));
    }

    void here() { check(cudaSetDevice(index), "the device is not to be had"); }

    void open() {
        std::lock_guard<std::mutex> own(turn);
        here();
        if (!stream) {
            check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                  "the device gives no stream");
            check(cudaMallocHost(reinterpret_cast<void **>(&stage), STAGE),
                  "the system gives no memory that the device reaches");
        }
    }

    void *take(size_t count) {
        open();
        void *taken = nullptr;
        if (cudaMalloc(&taken, count) != cudaSuccess) {
            (void)cudaGetLastError();
            return nullptr;
        }
        return taken;
    }

    void give_back(void *taken) {
        std::lock_guard<std::mutex> own(turn);
        // What was there is forgotten, and with it graphs that may have read it.
        (void)cudaSetDevice(index);
        (void)cudaStreamSynchronize(stream);
        forget();
        (void)cudaFree(taken);
    }

    void forget() {
        for (auto &[print, graph] : graphs) {
            if (graph) {
                (void)cudaGraphExecDestroy(graph);
            }
        }
        graphs.clear();
    }

    void fill(void *to, uint8_t value, size_t count) {
        std::lock_guard<std::mutex> own(turn);
        here();
        check(cudaMemsetAsync(to, value, count, stream), "memory is not filled");
    }

    // Small things wait in the stage until the device comes by; it is emptied when somebody waits
    // for the device.
    void write(void *to, const void *from, size_t count) {
        std::lock_guard<std::mutex> own(turn);
        here();
        for (size_t done = 0; done < count;) {
            if (staged == STAGE) {
                settle();
            }
            size_t part = std::min(count - done, STAGE - staged);
            std::memcpy(stage + staged, static_cast<const char *>(from) + done, part);
            check(cudaMemcpyAsync(static_cast<char *>(to) + done, stage + staged, part,
                                  cudaMemcpyHostToDevice, stream),
                  "the device takes no bytes");
            // The next ones begin where the driver likes them to.
            staged = std::min(STAGE, (staged + part + 255) / 256 * 256);
            done += part;
        }
    }

    void read(void *to, const void *from, size_t count) {
        std::lock_guard<std::mutex> own(turn);
        here();
        settle();
        for (size_t done = 0; done < count; done += STAGE) {
            size_t part = std::min(count - done, STAGE);
            check(cudaMemcpyAsync(stage, static_cast<const char *>(from) + done, part,
                                  cudaMemcpyDeviceToHost, stream),
                  "the device gives no bytes");
            settle();
            std::memcpy(static_cast<char *>(to) + done, stage, part);
        }
    }

    void settle() {
        check(cudaStreamSynchronize(stream), "the device failed");
        staged = 0;
    }

    void wait() {
        std::lock_guard<std::mutex> own(turn);
        here();
        settle();
    }

    void memory(size_t *free, size_t *total) {
        *free = *total = 0;
        if (cudaSetDevice(index) != cudaSuccess || cudaMemGetInfo(free, total) != cudaSuccess) {
            (void)cudaGetLastError();
        }
    }

    // Starts what `work` puts into the stream. What comes a second time is kept as a graph, which
    // starts at once.
    template <typename Work>
    void run(uint64_t print, Work work) {
        std::lock_guard<std::mutex> own(turn);
        here();
        auto known = graphs.find(print);
        if (known == graphs.end()) {
            if (graphs.size() >= GRAPHS) {
                forget();
            }
            work(stream);
            graphs[print] = nullptr;
            return;
        }
        if (!known->second) {
            known->second = kept(work);
        }
        check(cudaGraphLaunch(known->second, stream), "the device does not start");
    }

    template <typename Work>
    cudaGraphExec_t kept(Work work) {
        cudaGraph_t graph = nullptr;
        cudaGraphExec_t exec = nullptr;
        check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
              "a graph does not begin");
        work(stream);
        check(cudaStreamEndCapture(stream, &graph), "a graph does not end");
        cudaError_t code = cudaGraphInstantiate(&exec, graph, 0);
        (void)cudaGraphDestroy(graph);
        check(code, "a graph is not taken");
        return exec;
    }
};

} // namespace machine
