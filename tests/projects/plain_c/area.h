#pragma once

long area(long width, long height);
