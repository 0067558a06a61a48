import unittest

import @tool@_tool as tool


class Degrees(unittest.TestCase):
    def test_water_boils_at_212(self):
        self.assertEqual(tool.fahrenheit(100), 212)

    def test_what_a_broken_sensor_says_is_refused(self):
        with self.assertRaises(tool.Refused):
            tool.fahrenheit(999.9)


if __name__ == "__main__":
    unittest.main()
