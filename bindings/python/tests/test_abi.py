"""What Python declares is what the description of the ABI says, and so are its errors."""

import json
import os
import unittest

import trine
from trine import _errors
from trine._native import ffi, lib


@unittest.skipUnless("TRINE_ABI" in os.environ, "TRINE_ABI names trine_abi.json")
class Abi(unittest.TestCase):
    def setUp(self):
        with open(os.environ["TRINE_ABI"], encoding="utf-8") as file:
            self.abi = json.load(file)

    def test_functions_have_the_types_of_the_description(self):
        seen = 0
        for name, declared in self.abi["functions"].items():
            if not hasattr(lib, name):
                continue
            parameters = ", ".join(self.type(kind) for _, kind in declared["parameters"])
            wanted = ffi.typeof(f"{declared['returns']}(*)({parameters})")
            given = ffi.typeof(ffi.addressof(lib, name))
            self.assertEqual(given.cname, wanted.cname, name)
            seen += 1
        self.assertGreater(seen, 20)

    def type(self, kind):
        """A callback stands as it is, since Python has no names for those of C."""
        callback = self.abi["callbacks"].get(kind)
        if callback is None:
            return kind
        parameters = ", ".join(kind for _, kind in callback["parameters"])
        return f"void(*)({parameters})"

    def test_structs_and_constants_are_those_of_the_description(self):
        for name, members in self.abi["structs"].items():
            given = [(member, field.type.cname) for member, field in ffi.typeof(name).fields]
            self.assertEqual(given, [(member, kind) for member, kind in members])
        names = [name for name in self.abi["constants"] if hasattr(lib, name)]
        self.assertGreater(len(names), 12)
        for name in names:
            self.assertEqual(getattr(lib, name), self.abi["constants"][name], name)

    def test_each_kind_of_error_has_its_class_with_its_status(self):
        for kind in self.abi["errors"]:
            error = getattr(trine, kind["class"])
            self.assertTrue(issubclass(error, trine.Error), kind)
            self.assertEqual(error.status, kind["c"], kind)
            self.assertIsInstance(_errors.made(kind["c"], kind["text"], trine.ToolError), error)
            self.assertEqual(str(error(kind["text"])), kind["text"])


if __name__ == "__main__":
    unittest.main()
