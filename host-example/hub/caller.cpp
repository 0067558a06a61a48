// A program that calls the tools of an MCP server over HTTP, in C++.
//
//     c++ -std=c++17 -Iinclude host-example/hub/caller.cpp -ltrine_host -o caller
//     ./caller http://127.0.0.1:8331/mcp fan_set '{"percent":40}'
#include <cstdio>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

#include "trine_client.h"

namespace {

// What a function gives, freed at the end.
using Text = std::unique_ptr<char, trine_status (*)(char *)>;

void check(trine_status status)
{
    if (status != TRINE_OK) {
        throw std::runtime_error(trine_hub_why());
    }
}

class Client {
public:
    explicit Client(const std::string &url)
    {
        check(trine_client_open(url.c_str(), nullptr, &client_));
    }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client() { (void)trine_client_close(client_); }

    std::string tools() const
    {
        char *list = nullptr;
        check(trine_client_tools(client_, &list));
        const Text text(list, trine_hub_free);
        return text.get();
    }

    // The result comes when it is there; get() throws what the tool says.
    std::future<std::string> call(const std::string &tool, const std::string &arguments) const
    {
        auto promise = std::make_unique<std::promise<std::string>>();
        auto future = promise->get_future();
        check(trine_client_start(client_, tool.c_str(), arguments.c_str(), 0, ended, promise.get(),
                                 nullptr));
        (void)promise.release();
        return future;
    }

private:
    static void ended(void *user_data, trine_status status, const char *answer, const char *why)
    {
        const std::unique_ptr<std::promise<std::string>> promise(
            static_cast<std::promise<std::string> *>(user_data));
        if (status == TRINE_OK) {
            promise->set_value(answer);
        } else {
            promise->set_exception(std::make_exception_ptr(std::runtime_error(why)));
        }
    }

    trine_client *client_ = nullptr;
};

} // namespace

int main(int count, char **words)
{
    if (count != 2 && count != 4) {
        std::fprintf(stderr, "usage: caller URL [TOOL ARGUMENTS]\n");
        return 2;
    }
    try {
        const Client client(words[1]);
        const auto said = count == 2 ? client.tools() : client.call(words[2], words[3]).get();
        std::printf("%s\n", said.c_str());
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "caller: %s\n", error.what());
        return 1;
    }
}
