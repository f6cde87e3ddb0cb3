#pragma once

int step(void);
